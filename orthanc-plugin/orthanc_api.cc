// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/orthanc_api.h"

#include <nlohmann/json.hpp>

namespace axial::plugin {
namespace {

/// Orthanc's error codes, translated once.
Error FromOrthanc(OrthancPluginErrorCode code, const std::string& what) {
  ErrorCode ours = ErrorCode::kUnavailable;
  switch (code) {
    case OrthancPluginErrorCode_UnknownResource:
    case OrthancPluginErrorCode_InexistentItem:
    case OrthancPluginErrorCode_InexistentFile:
      ours = ErrorCode::kNotFound;
      break;
    case OrthancPluginErrorCode_BadFileFormat:
    case OrthancPluginErrorCode_BadRequest:
    case OrthancPluginErrorCode_ParameterOutOfRange:
    case OrthancPluginErrorCode_NotAcceptable:
      ours = ErrorCode::kInvalidInput;
      break;
    case OrthancPluginErrorCode_NotEnoughMemory:
    case OrthancPluginErrorCode_FullStorage:
      ours = ErrorCode::kExhausted;
      break;
    default:
      break;
  }
  return MakeError(ours, "Orthanc answered with error {} to {}", static_cast<int>(code), what);
}

std::string Take(OrthancPluginContext* context, OrthancPluginMemoryBuffer& buffer) {
  std::string bytes(static_cast<const char*>(buffer.data), buffer.size);
  OrthancPluginFreeMemoryBuffer(context, &buffer);
  return bytes;
}

/// "" for NULL.
std::string Take(OrthancPluginContext* context, char* text) {
  if (text == nullptr) return "";
  std::string taken(text);
  OrthancPluginFreeString(context, text);
  return taken;
}

}  // namespace

Result<std::string> OrthancApi::Configuration() const {
  std::string text = Take(context_, OrthancPluginGetConfiguration(context_));
  if (text.empty()) return Error(ErrorCode::kInternal, "Orthanc gave no configuration");
  return text;
}

std::string OrthancApi::ConfigurationPath() const {
  return Take(context_, OrthancPluginGetConfigurationPath(context_));
}

Result<std::string> OrthancApi::Get(const std::string& uri) const {
  OrthancPluginMemoryBuffer buffer{};
  const OrthancPluginErrorCode code = OrthancPluginRestApiGet(context_, &buffer, uri.c_str());
  if (code != OrthancPluginErrorCode_Success) return FromOrthanc(code, "GET " + uri);
  return Take(context_, buffer);
}

Result<nlohmann::json> OrthancApi::GetJson(const std::string& uri) const {
  AXIAL_ASSIGN_OR_RETURN(const std::string text, Get(uri));
  nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded())
    return MakeError(ErrorCode::kCorrupt, "Orthanc's answer to GET {} is no JSON", uri);
  return json;
}

Result<std::string> OrthancApi::Post(const std::string& uri, const std::string& body) const {
  OrthancPluginMemoryBuffer buffer{};
  const OrthancPluginErrorCode code = OrthancPluginRestApiPost(
      context_, &buffer, uri.c_str(), body.data(), static_cast<std::uint32_t>(body.size()));
  if (code != OrthancPluginErrorCode_Success) return FromOrthanc(code, "POST " + uri);
  return Take(context_, buffer);
}

Result<std::string> OrthancApi::DicomFile(const std::string& instance_id) const {
  OrthancPluginMemoryBuffer buffer{};
  const OrthancPluginErrorCode code =
      OrthancPluginGetDicomForInstance(context_, &buffer, instance_id.c_str());
  if (code != OrthancPluginErrorCode_Success)
    return FromOrthanc(code, "the question for the file of instance " + instance_id);
  return Take(context_, buffer);
}

std::string OrthancApi::LookupStudy(const std::string& study_uid) const {
  return Take(context_, OrthancPluginLookupStudy(context_, study_uid.c_str()));
}

std::string OrthancApi::LookupInstance(const std::string& sop_instance_uid) const {
  return Take(context_, OrthancPluginLookupInstance(context_, sop_instance_uid.c_str()));
}

std::string OrthancApi::Property(int number) const {
  return Take(context_, OrthancPluginGetGlobalProperty(context_, number, ""));
}

Status OrthancApi::SetProperty(int number, const std::string& value) const {
  const OrthancPluginErrorCode code =
      OrthancPluginSetGlobalProperty(context_, number, value.c_str());
  if (code != OrthancPluginErrorCode_Success) return FromOrthanc(code, "keeping a property");
  return {};
}

}  // namespace axial::plugin
