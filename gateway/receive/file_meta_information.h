#pragma once

#include <string>
#include <string_view>

namespace axial::receive {

/// Preamble, "DICM" and File Meta Information (PS3.10 7.1) for a data set received in
/// `transfer_syntax_uid`. The same arguments always give the same bytes, so that the same data set
/// sent twice gives the same file: neither sender nor time nor version is in it.
[[nodiscard]] std::string EncodeFileMetaInformation(std::string_view sop_class_uid,
                                                    std::string_view sop_instance_uid,
                                                    std::string_view transfer_syntax_uid);

}  // namespace axial::receive
