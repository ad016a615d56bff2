#pragma once

namespace axial {

/// The BCP 195 TLS Secure Transport Connection Profile (PS3.15 B.9): TLS 1.2 suites with forward
/// secrecy and authenticated encryption (RFC 9325 4.2), in OpenSSL's words; those of TLS 1.3 are
/// all of that kind.
inline constexpr const char* kBcp195CipherSuites =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256";

}  // namespace axial
