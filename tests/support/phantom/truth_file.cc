#include "tests/support/phantom/truth_file.h"

#include <fstream>
#include <nlohmann/json.hpp>

namespace axial::phantom {

const char* KindName(PhantomKind kind) {
  switch (kind) {
    case PhantomKind::kCt:
      return "ct";
    case PhantomKind::kMr:
      return "mr";
    case PhantomKind::kDx:
      break;
  }
  return "dx";
}

Status WriteBytes(const std::filesystem::path& path, std::span<const char> bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return MakeError(ErrorCode::kUnavailable, "cannot write {}", path.string());
  return {};
}

Status WriteTruth(const PhantomOptions& options, const PhantomStudy& study) {
  using nlohmann::json;
  const VoxelGrid& grid = study.image.grid;
  json out = {{"kind", KindName(options.kind)},
              {"seed", options.seed},
              {"study_instance_uid", study.study_uid},
              {"series_instance_uid", study.series_uid},
              {"sop_class_uid", study.sop_class_uid},
              {"slices", grid.slices},
              {"rows", grid.rows},
              {"columns", grid.columns},
              {"row_spacing_mm", grid.row_spacing_mm},
              {"column_spacing_mm", grid.column_spacing_mm},
              {"slice_spacing_mm", Length(grid.slice_step)},
              {"voxel_volume_mm3", grid.VoxelVolumeMm3()}};
  if (options.kind == PhantomKind::kDx) {
    out["view"] = options.view == ChestView::kLateral ? "lateral" : "postero-anterior";
  }
  out["labels"] = json::array();
  for (const LabelTruth& label : study.truth) {
    out["labels"].push_back({{"value", label.label},
                             {"name", label.name},
                             {"voxels", label.voxels},
                             {"volume_mm3", label.volume_mm3},
                             {"mean", label.mean}});
  }
  out["sop_instance_uids"] = json::array();
  out["files"] = json::array();
  for (const PhantomInstance& instance : study.instances) {
    out["sop_instance_uids"].push_back(instance.sop_instance_uid);
    out["files"].push_back(instance.path.filename().string());
  }
  if (!study.truth.empty()) {
    out["label_file"] = study.truth_raw.filename().string();
    const auto& labels = study.image.labels;
    AXIAL_RETURN_IF_ERROR(
        WriteBytes(study.truth_raw, {reinterpret_cast<const char*>(labels.data()), labels.size()}));
  }
  const std::string text = out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  return WriteBytes(study.truth_json, text);
}

}  // namespace axial::phantom
