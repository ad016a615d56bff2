#include "core/base/content_digest.h"

#include <fmt/format.h>
#include <xxhash.h>
#ifdef __x86_64__
#include <xxh_x86dispatch.h>
#endif

#include <cstdio>
#include <vector>

namespace axial {

struct ContentDigest::State {
  std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> xxh3{XXH3_createState(),
                                                                       &XXH3_freeState};
};

ContentDigest::ContentDigest() : state_(std::make_unique<State>()) {
  AXIAL_INVARIANT(state_->xxh3 != nullptr && XXH3_128bits_reset(state_->xxh3.get()) == XXH_OK);
}
ContentDigest::~ContentDigest() = default;
ContentDigest::ContentDigest(ContentDigest&&) noexcept = default;
ContentDigest& ContentDigest::operator=(ContentDigest&&) noexcept = default;

void ContentDigest::Add(std::string_view bytes) {
  AXIAL_INVARIANT(XXH3_128bits_update(state_->xxh3.get(), bytes.data(), bytes.size()) == XXH_OK);
}

std::string ContentDigest::Hex() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(state_->xxh3.get());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

Result<std::string> ContentDigestOfFile(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) return MakeError(ErrorCode::kNotFound, "{}: cannot open", path);
  ContentDigest digest;
  std::vector<char> buffer(std::size_t{1} << 18);
  while (std::feof(file.get()) == 0 && std::ferror(file.get()) == 0)
    digest.Add({buffer.data(), std::fread(buffer.data(), 1, buffer.size(), file.get())});
  if (std::ferror(file.get()) != 0)
    return MakeError(ErrorCode::kUnavailable, "{}: read failed", path);
  return digest.Hex();
}

}  // namespace axial
