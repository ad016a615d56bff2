// SPDX-License-Identifier: GPL-3.0-or-later
#include "orthanc-plugin/orthanc_api.h"

namespace axial::plugin {
namespace {

std::string Take(OrthancPluginContext* context, OrthancPluginMemoryBuffer& buffer) {
  std::string bytes(static_cast<const char*>(buffer.data), buffer.size);
  OrthancPluginFreeMemoryBuffer(context, &buffer);
  return bytes;
}

}  // namespace

Result<std::string> OrthancApi::Configuration() const {
  char* const text = OrthancPluginGetConfiguration(context_);
  if (text == nullptr) return Error(ErrorCode::kInternal, "Orthanc gave no configuration");
  std::string configuration(text);
  OrthancPluginFreeString(context_, text);
  return configuration;
}

Result<std::string> OrthancApi::Get(const std::string& uri) const {
  OrthancPluginMemoryBuffer buffer{};
  const OrthancPluginErrorCode code = OrthancPluginRestApiGet(context_, &buffer, uri.c_str());
  if (code != OrthancPluginErrorCode_Success)
    return MakeError(ErrorCode::kNotFound, "Orthanc answered {} to GET {}", static_cast<int>(code),
                     uri);
  return Take(context_, buffer);
}

std::string OrthancApi::LookupInstance(const std::string& sop_instance_uid) const {
  char* const text = OrthancPluginLookupInstance(context_, sop_instance_uid.c_str());
  if (text == nullptr) return "";
  std::string id(text);
  OrthancPluginFreeString(context_, text);
  return id;
}

Result<std::string> OrthancApi::DicomFile(const std::string& instance_id) const {
  OrthancPluginMemoryBuffer buffer{};
  const OrthancPluginErrorCode code =
      OrthancPluginGetDicomForInstance(context_, &buffer, instance_id.c_str());
  if (code != OrthancPluginErrorCode_Success)
    return MakeError(ErrorCode::kNotFound, "Orthanc answered {} for the file of instance {}",
                     static_cast<int>(code), instance_id);
  return Take(context_, buffer);
}

}  // namespace axial::plugin
