#include "inference/volume/jpeg2000.h"

#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace axial {
namespace {

struct Cursor {
  const std::vector<std::uint8_t>* bytes = nullptr;
  std::size_t at = 0;
};

OPJ_SIZE_T Read(void* buffer, OPJ_SIZE_T size, void* user) {
  auto& cursor = *static_cast<Cursor*>(user);
  const std::size_t count = std::min(size, cursor.bytes->size() - cursor.at);
  if (count == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(buffer, cursor.bytes->data() + cursor.at, count);
  cursor.at += count;
  return count;
}

OPJ_OFF_T Skip(OPJ_OFF_T size, void* user) {
  auto& cursor = *static_cast<Cursor*>(user);
  if (size < 0) return -1;
  const std::size_t count =
      std::min(static_cast<std::size_t>(size), cursor.bytes->size() - cursor.at);
  cursor.at += count;
  return static_cast<OPJ_OFF_T>(count);
}

OPJ_BOOL Seek(OPJ_OFF_T to, void* user) {
  auto& cursor = *static_cast<Cursor*>(user);
  if (to < 0 || static_cast<std::size_t>(to) > cursor.bytes->size()) return OPJ_FALSE;
  cursor.at = static_cast<std::size_t>(to);
  return OPJ_TRUE;
}

struct Deleter {
  void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
  void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};
struct StreamDeleter {
  void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};

void Ignore(const char*, void*) {}

bool IsCodeStream(const std::vector<std::uint8_t>& stream) {
  return stream.size() >= 2 && stream[0] == 0xff && stream[1] == 0x4f;
}

Result<Jpeg2000Image> Copy(const opj_image_t& image) {
  Jpeg2000Image decoded;
  const opj_image_comp_t& first = image.comps[0];
  decoded.width = static_cast<int>(first.w);
  decoded.height = static_cast<int>(first.h);
  decoded.components = static_cast<int>(image.numcomps);
  decoded.precision_bits = static_cast<int>(first.prec);
  decoded.is_signed = first.sgnd != 0;
  for (OPJ_UINT32 c = 0; c < image.numcomps; ++c) {
    const opj_image_comp_t& component = image.comps[c];
    if (component.w != first.w || component.h != first.h || component.data == nullptr)
      return Error(ErrorCode::kUnsupported, "JPEG 2000 with subsampled components");
    decoded.values.insert(decoded.values.end(), component.data,
                          component.data + std::size_t{component.w} * component.h);
  }
  return decoded;
}

}  // namespace

Result<Jpeg2000Image> DecodeJpeg2000(const std::vector<std::uint8_t>& stream, int expected_width,
                                     int expected_height) {
  const Error broken(ErrorCode::kCorrupt, "JPEG 2000 code stream is broken or cut short");
  Cursor cursor{&stream, 0};
  const std::unique_ptr<opj_stream_t, StreamDeleter> input(
      opj_stream_create(OPJ_J2K_STREAM_CHUNK_SIZE, OPJ_TRUE));
  const std::unique_ptr<opj_codec_t, Deleter> codec(
      opj_create_decompress(IsCodeStream(stream) ? OPJ_CODEC_J2K : OPJ_CODEC_JP2));
  if (!input || !codec) return Error(ErrorCode::kExhausted, "no memory for JPEG 2000");
  opj_stream_set_read_function(input.get(), Read);
  opj_stream_set_skip_function(input.get(), Skip);
  opj_stream_set_seek_function(input.get(), Seek);
  opj_stream_set_user_data(input.get(), &cursor, nullptr);
  opj_stream_set_user_data_length(input.get(), stream.size());
  for (const auto set : {opj_set_info_handler, opj_set_warning_handler, opj_set_error_handler})
    set(codec.get(), Ignore, nullptr);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  if (!opj_setup_decoder(codec.get(), &parameters)) return broken;
  opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE);
  opj_image_t* raw = nullptr;
  const bool read = opj_read_header(input.get(), codec.get(), &raw) != 0;
  const std::unique_ptr<opj_image_t, Deleter> image(raw);
  if (!read || !image || image->numcomps == 0) return broken;
  if (image->comps[0].w != static_cast<OPJ_UINT32>(expected_width) ||
      image->comps[0].h != static_cast<OPJ_UINT32>(expected_height))
    return Error(ErrorCode::kCorrupt, "JPEG 2000 code stream has another size than the image");
  if (!opj_decode(codec.get(), input.get(), image.get())) return broken;
  return Copy(*image);
}

}  // namespace axial
