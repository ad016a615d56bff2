#include "gateway/admin/answers.h"

#include <nlohmann/json.hpp>

namespace axial::admin {

using nlohmann::json;

Response Ok(const json& value, int status) {
  Response response;
  response.status = status;
  response.body = value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  return response;
}

Response Problem(int status, const char* title, const std::string& detail) {
  Response response = Ok(
      {{"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", detail}}, status);
  response.content_type = "application/problem+json";
  return response;
}

Response Problem(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kInvalidInput:
      return Problem(400, "Bad Request", error.message());
    case ErrorCode::kNotFound:
      return Problem(404, "Not Found", error.message());
    case ErrorCode::kConflict:
      return Problem(409, "Conflict", error.message());
    case ErrorCode::kUnsupported:
      return Problem(501, "Not Implemented", error.message());
    case ErrorCode::kExhausted:
    case ErrorCode::kUnavailable:
      return Problem(503, "Service Unavailable", error.message());
    case ErrorCode::kTimeout:
      return Problem(504, "Gateway Timeout", error.message());
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      break;
  }
  return Problem(500, "Internal Server Error", error.message());
}

Response MethodNotAllowed(const std::string& allow) {
  Response response = Problem(405, "Method Not Allowed", "this resource answers to " + allow);
  response.allow = allow;
  return response;
}

}  // namespace axial::admin
