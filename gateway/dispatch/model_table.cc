#include "gateway/dispatch/model_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

namespace axial::dispatch {
namespace {

std::string FileState(const std::string& path) {
  std::error_code ignored;
  const auto bytes = std::filesystem::file_size(path, ignored);
  const auto changed = std::filesystem::last_write_time(path, ignored);
  return fmt::format("{}:{}:{}", path, bytes, changed.time_since_epoch().count());
}

std::string FingerprintOf(const config::ModelCard& card) {
  return fmt::format("{}|{}|{}|{}", card.name, card.version, FileState(card.folder + "/model.yaml"),
                     FileState(card.weights_file));
}

}  // namespace

void ModelTable::Set(std::vector<config::ModelCard> cards) {
  std::vector<Model> models;
  for (config::ModelCard& card : cards) {
    Model model;
    model.fingerprint = FingerprintOf(card);
    if (const Model* old = Find(card.name); old && old->fingerprint == model.fingerprint)
      model = *old;
    model.card = std::move(card);
    models.push_back(std::move(model));
  }
  models_ = std::move(models);
}

Model* ModelTable::Find(const std::string& name) {
  const auto found = std::find_if(models_.begin(), models_.end(),
                                  [&](const Model& model) { return model.card.name == name; });
  return found == models_.end() ? nullptr : &*found;
}

std::vector<std::string> ModelTable::Names() const {
  std::vector<std::string> names;
  for (const Model& model : models_) names.push_back(model.card.name);
  return names;
}

void ModelTable::Failed(const std::string& name, bool at_start, const std::string& reason,
                        TimePoint now) {
  Model* model = Find(name);
  if (!model) return;
  model->start_failed = at_start;
  model->last_error = reason;
  model->pause = std::min(pause_at_most_, std::max(pause_, model->pause * 2));
  model->not_before = now + model->pause;
}

void ModelTable::Started(const std::string& name, TimePoint now) {
  Model* model = Find(name);
  if (!model) return;
  model->start_failed = false;
  model->last_used_at = now;
}

void ModelTable::Answered(const std::string& name, TimePoint now) {
  Model* model = Find(name);
  if (!model) return;
  model->last_error.clear();
  model->pause = Duration{0};
  model->not_before = TimePoint{};
  model->last_used_at = now;
}

}  // namespace axial::dispatch
