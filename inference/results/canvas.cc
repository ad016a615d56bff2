#include "inference/results/canvas.h"

#include <cairo-pdf.h>
#include <cairo.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <cmath>

namespace axial::results {
namespace {

// The first has Latin, Greek, Cyrillic, Hebrew and Arabic, the second Chinese, Japanese and Korean,
// the third Thai (scripts/dependencies); whatever else the system has comes after them.
constexpr const char* kFonts = "DejaVu Sans,WenQuanYi Zen Hei,Loma";
constexpr std::size_t kMaxTextBytes = 2'000;

template <typename T, void (*Release)(T*)>
struct Releaser {
  void operator()(T* thing) const { Release(thing); }
};
using Surface = std::unique_ptr<cairo_surface_t, Releaser<cairo_surface_t, cairo_surface_destroy>>;
using Drawing = std::unique_ptr<cairo_t, Releaser<cairo_t, cairo_destroy>>;
using FontOptions = std::unique_ptr<cairo_font_options_t,
                                    Releaser<cairo_font_options_t, cairo_font_options_destroy>>;
using FontDescription =
    std::unique_ptr<PangoFontDescription,
                    Releaser<PangoFontDescription, pango_font_description_free>>;
struct ObjectReleaser {
  void operator()(void* object) const { g_object_unref(object); }
};
using Layout = std::unique_ptr<PangoLayout, ObjectReleaser>;

Error FromCairo(cairo_status_t status) {
  return MakeError(status == CAIRO_STATUS_NO_MEMORY ? ErrorCode::kExhausted : ErrorCode::kInternal,
                   "drawing: {}", cairo_status_to_string(status));
}

/// Error: NotFound.
Status CheckFonts() {
  PangoFontFamily** families = nullptr;
  int count = 0;
  pango_font_map_list_families(pango_cairo_font_map_get_default(), &families, &count);
  g_free(families);
  if (count > 0) return {};
  return Error(
      ErrorCode::kNotFound,
      "no font is installed; install fonts-dejavu-core, fonts-wqy-zenhei and fonts-vlgothic");
}

cairo_status_t AppendBytes(void* closure, const unsigned char* bytes, unsigned int length) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(bytes), length);
  return CAIRO_STATUS_SUCCESS;
}

/// Valid UTF-8 of bounded length without control characters other than line feeds.
std::string Printable(std::string_view text) {
  text = text.substr(0, kMaxTextBytes);
  gchar* valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
  std::string printable = valid;
  g_free(valid);
  for (char& c : printable)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F) c = ' ';
  return printable;
}

}  // namespace

struct Canvas::State {
  Surface surface;
  Drawing drawing;
  int width = 0;  ///< of an image
  int height = 0;
  std::string page;  ///< bytes of a page's file
  int missing_glyphs = 0;

  Layout MakeLayout(double column, std::string_view utf8, const TextStyle& style) const;
  void SetColour(const Colour& c) const {
    cairo_set_source_rgba(drawing.get(), c.red, c.green, c.blue, c.opacity);
  }
};

Layout Canvas::State::MakeLayout(double column, std::string_view utf8,
                                 const TextStyle& style) const {
  const std::string text = Printable(utf8);
  Layout layout(pango_cairo_create_layout(drawing.get()));
  // Letters look the same on every machine that has the same fonts.
  const FontOptions options(cairo_font_options_create());
  cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(pango_layout_get_context(layout.get()), options.get());
  const FontDescription font(pango_font_description_new());
  pango_font_description_set_family_static(font.get(), kFonts);
  pango_font_description_set_absolute_size(font.get(), style.size * PANGO_SCALE);
  pango_font_description_set_weight(font.get(),
                                    style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_layout_set_font_description(layout.get(), font.get());
  pango_layout_set_text(layout.get(), text.data(), static_cast<int>(text.size()));
  if (column > 0) {
    pango_layout_set_width(layout.get(), static_cast<int>(column * PANGO_SCALE));
    pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
    pango_layout_set_height(layout.get(), -style.max_lines);
    pango_layout_set_ellipsize(layout.get(), PANGO_ELLIPSIZE_END);
  }
  // Pango swaps left and right for a paragraph that runs from right to left; columns do not.
  const bool swapped = pango_layout_get_direction(layout.get(), 0) == PANGO_DIRECTION_RTL;
  const PangoAlignment left = swapped ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT;
  const PangoAlignment right = swapped ? PANGO_ALIGN_LEFT : PANGO_ALIGN_RIGHT;
  pango_layout_set_alignment(layout.get(),
                             style.align == TextStyle::Align::kCentre
                                 ? PANGO_ALIGN_CENTER
                                 : (style.align == TextStyle::Align::kLeft ? left : right));
  return layout;
}

Canvas::Canvas(std::unique_ptr<State> state) : state_(std::move(state)) {}
Canvas::Canvas(Canvas&&) noexcept = default;
Canvas& Canvas::operator=(Canvas&&) noexcept = default;
Canvas::~Canvas() = default;

Result<Canvas> Canvas::ForImage(int width, int height) {
  AXIAL_RETURN_IF_ERROR(CheckFonts());
  auto state = std::make_unique<State>();
  state->width = width;
  state->height = height;
  state->surface.reset(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height));
  state->drawing.reset(cairo_create(state->surface.get()));
  if (const cairo_status_t status = cairo_status(state->drawing.get());
      status != CAIRO_STATUS_SUCCESS)
    return FromCairo(status);
  Canvas canvas(std::move(state));
  canvas.Fill({0, 0, static_cast<double>(width), static_cast<double>(height)}, kBlack);
  return canvas;
}

Result<Canvas> Canvas::ForPage(double width, double height, const PageInfo& info) {
  AXIAL_RETURN_IF_ERROR(CheckFonts());
  auto state = std::make_unique<State>();
  state->surface.reset(
      cairo_pdf_surface_create_for_stream(AppendBytes, &state->page, width, height));
  cairo_pdf_surface_restrict_to_version(state->surface.get(), CAIRO_PDF_VERSION_1_5);
  cairo_pdf_surface_set_metadata(state->surface.get(), CAIRO_PDF_METADATA_TITLE,
                                 Printable(info.title).c_str());
  cairo_pdf_surface_set_metadata(state->surface.get(), CAIRO_PDF_METADATA_CREATOR, "Axial");
  cairo_pdf_surface_set_metadata(state->surface.get(), CAIRO_PDF_METADATA_CREATE_DATE,
                                 info.created.c_str());
  state->drawing.reset(cairo_create(state->surface.get()));
  if (const cairo_status_t status = cairo_status(state->drawing.get());
      status != CAIRO_STATUS_SUCCESS)
    return FromCairo(status);
  return Canvas(std::move(state));
}

void Canvas::Fill(const Box& box, const Colour& colour) {
  state_->SetColour(colour);
  cairo_rectangle(state_->drawing.get(), box.x, box.y, box.width, box.height);
  cairo_fill(state_->drawing.get());
}

void Canvas::Outline(const Box& box, double line_width, const Colour& colour) {
  state_->SetColour(colour);
  cairo_set_line_width(state_->drawing.get(), line_width);
  cairo_rectangle(state_->drawing.get(), box.x, box.y, box.width, box.height);
  cairo_stroke(state_->drawing.get());
}

void Canvas::Close(std::span<const Point> points, double line_width, const Colour& colour) {
  if (points.empty()) return;
  cairo_t* drawing = state_->drawing.get();
  state_->SetColour(colour);
  cairo_set_line_width(drawing, line_width);
  cairo_set_line_join(drawing, CAIRO_LINE_JOIN_ROUND);
  cairo_move_to(drawing, points.front().x, points.front().y);
  for (const Point& point : points.subspan(1)) cairo_line_to(drawing, point.x, point.y);
  cairo_close_path(drawing);
  cairo_stroke(drawing);
}

void Canvas::Draw(const Picture& picture, const Box& box) {
  const Surface surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, picture.columns, picture.rows));
  unsigned char* data = cairo_image_surface_get_data(surface.get());
  if (data == nullptr) return cairo_set_source_surface(state_->drawing.get(), surface.get(), 0, 0);
  const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface.get()));
  const auto columns = static_cast<std::size_t>(picture.columns);
  for (std::size_t row = 0; row < static_cast<std::size_t>(picture.rows); ++row) {
    auto* to = reinterpret_cast<std::uint32_t*>(data + row * stride);
    const std::uint8_t* from = picture.rgb.data() + row * columns * 3;
    for (std::size_t column = 0; column < columns; ++column, from += 3)
      to[column] = static_cast<std::uint32_t>(from[0]) << 16 |
                   static_cast<std::uint32_t>(from[1]) << 8 | from[2];
  }
  cairo_surface_mark_dirty(surface.get());
  cairo_t* drawing = state_->drawing.get();
  cairo_save(drawing);
  cairo_rectangle(drawing, box.x, box.y, box.width, box.height);
  cairo_clip(drawing);
  cairo_translate(drawing, box.x, box.y);
  cairo_scale(drawing, box.width / picture.columns, box.height / picture.rows);
  cairo_set_source_surface(drawing, surface.get(), 0, 0);
  cairo_pattern_set_filter(cairo_get_source(drawing), CAIRO_FILTER_GOOD);
  cairo_pattern_set_extend(cairo_get_source(drawing), CAIRO_EXTEND_PAD);
  cairo_paint(drawing);
  cairo_restore(drawing);
}

void Canvas::Clip(const Box& box) {
  cairo_save(state_->drawing.get());
  cairo_rectangle(state_->drawing.get(), box.x, box.y, box.width, box.height);
  cairo_clip(state_->drawing.get());
}

void Canvas::Unclip() { cairo_restore(state_->drawing.get()); }

double Canvas::Write(const Point& top_left, double width, std::string_view utf8,
                     const TextStyle& style) {
  const Layout layout = state_->MakeLayout(width, utf8, style);
  state_->missing_glyphs += pango_layout_get_unknown_glyphs_count(layout.get());
  state_->SetColour(style.colour);
  cairo_move_to(state_->drawing.get(), top_left.x, top_left.y);
  pango_cairo_show_layout(state_->drawing.get(), layout.get());
  int height = 0;
  pango_layout_get_size(layout.get(), nullptr, &height);
  return static_cast<double>(height) / PANGO_SCALE;
}

double Canvas::HeightOf(double width, std::string_view utf8, const TextStyle& style) {
  int height = 0;
  pango_layout_get_size(state_->MakeLayout(width, utf8, style).get(), nullptr, &height);
  return static_cast<double>(height) / PANGO_SCALE;
}

double Canvas::WidthOf(std::string_view utf8, const TextStyle& style) {
  int width = 0;
  pango_layout_get_size(state_->MakeLayout(0, utf8, style).get(), &width, nullptr);
  return static_cast<double>(width) / PANGO_SCALE;
}

int Canvas::missing_glyphs() const { return state_->missing_glyphs; }

Result<std::vector<std::uint8_t>> Canvas::TakeImage() {
  AXIAL_INVARIANT(state_->width > 0);
  if (const cairo_status_t status = cairo_status(state_->drawing.get());
      status != CAIRO_STATUS_SUCCESS)
    return FromCairo(status);
  cairo_surface_flush(state_->surface.get());
  const unsigned char* data = cairo_image_surface_get_data(state_->surface.get());
  const auto stride =
      static_cast<std::size_t>(cairo_image_surface_get_stride(state_->surface.get()));
  const auto width = static_cast<std::size_t>(state_->width);
  std::vector<std::uint8_t> rgb;
  rgb.reserve(width * static_cast<std::size_t>(state_->height) * 3);
  for (std::size_t row = 0; row < static_cast<std::size_t>(state_->height); ++row) {
    const auto* from = reinterpret_cast<const std::uint32_t*>(data + row * stride);
    for (std::size_t column = 0; column < width; ++column)
      for (const unsigned shift : {16U, 8U, 0U})
        rgb.push_back(static_cast<std::uint8_t>(from[column] >> shift));
  }
  return rgb;
}

Result<std::string> Canvas::TakePage() {
  AXIAL_INVARIANT(state_->width == 0);
  cairo_show_page(state_->drawing.get());
  cairo_status_t status = cairo_status(state_->drawing.get());
  if (status == CAIRO_STATUS_SUCCESS) {
    cairo_surface_finish(state_->surface.get());
    status = cairo_surface_status(state_->surface.get());
  }
  if (status != CAIRO_STATUS_SUCCESS) return FromCairo(status);
  return std::move(state_->page);
}

}  // namespace axial::results
