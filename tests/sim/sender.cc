#include "tests/sim/sender.h"

#include <algorithm>
#include <array>
#include <utility>

namespace axial::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// One Series as a modality made it.
struct MadeSeries {
  std::vector<InstanceHeader> instances;
};

struct Kind {
  const char* modality = "CT";
  const char* sop_class = "1.2.840.10008.5.1.4.1.1.2";
  bool numbers = true;
  bool positions = true;
  bool declares = false;  ///< Images in Acquisition
  bool enhanced = false;
  bool holes = false;  ///< some slices were deleted at the console
  int min_series = 1, max_series = 5;
  int min_instances = 20, max_instances = 120;
};

/// Writes one Study's events.
class Scene {
 public:
  Scene(std::mt19937& random, std::int64_t& last_association, std::string behaviour,
        std::string calling_ae_title, std::string study_uid, TimePoint start)
      : random_(random),
        last_association_(last_association),
        calling_ae_title_(std::move(calling_ae_title)),
        now_(start) {
    study_.study_uid = std::move(study_uid);
    study_.behaviour = std::move(behaviour);
  }

  int Number(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
  bool Chance(int percent) { return Number(1, 100) <= percent; }
  void Wait(int low_ms, int high_ms) { now_ += milliseconds(Number(low_ms, high_ms)); }

  std::vector<MadeSeries> Make(const Kind& kind) {
    std::vector<MadeSeries> made;
    const int series = Number(kind.min_series, kind.max_series);
    for (int s = 1; s <= series; ++s) made.push_back(MakeSeries(kind));
    return made;
  }

  MadeSeries MakeSeries(const Kind& kind) {
    MadeSeries series;
    const std::string uid = study_.study_uid + "." + std::to_string(++series_);
    const int count = kind.enhanced ? 1 : Number(kind.min_instances, kind.max_instances);
    for (int i = 1; i <= count; ++i) {
      if (kind.holes && i > 1 && i < count && Chance(10)) continue;
      series.instances.push_back(MakeInstance(kind, uid, i, count));
    }
    return series;
  }

  std::int64_t Open() {
    Wait(5, 60);
    return ++last_association_;
  }

  void Send(std::int64_t association, const InstanceHeader& instance, bool repeated = false) {
    Wait(5, 30);
    study_.events.push_back(
        {now_, association, false, true, repeated, calling_ae_title_, {instance}});
    if (!repeated) last_new_ = std::max(last_new_, now_);
  }

  void Close(std::int64_t association, bool released = true) {
    Wait(5, 150);
    study_.events.push_back({now_, association, true, released, false, calling_ae_title_, {}});
  }

  /// What follows is not part of the transfer any more.
  void TransferOver() { study_.transfer_over = last_new_; }

  SentStudy Take() {
    if (study_.transfer_over == TimePoint{}) study_.transfer_over = last_new_;
    std::stable_sort(study_.events.begin(), study_.events.end(),
                     [](const Event& a, const Event& b) { return a.at < b.at; });
    return std::move(study_);
  }

  [[nodiscard]] TimePoint now() const { return now_; }
  void SetNow(TimePoint now) { now_ = now; }
  std::mt19937& random() { return random_; }

 private:
  InstanceHeader MakeInstance(const Kind& kind, const std::string& series_uid, int i, int count) {
    AttributeSet attributes;
    attributes["Modality"] = {"CS", {kind.modality}};
    if (kind.numbers) attributes["InstanceNumber"] = {"IS", {std::to_string(i)}};
    if (kind.declares) {
      attributes["AcquisitionNumber"] = {"IS", {"1"}};
      attributes["ImagesInAcquisition"] = {"IS", {std::to_string(count)}};
    }
    if (kind.positions) {
      attributes["ImageOrientationPatient"] = {"DS", {"1", "0", "0", "0", "1", "0"}};
      attributes["ImagePositionPatient"] = {"DS", {"-250", "-250", std::to_string(i * 1.25)}};
    }
    return InstanceHeader{Uid::Parse(study_.study_uid).value(),
                          Uid::Parse(series_uid).value(),
                          Uid::Parse(series_uid + "." + std::to_string(i)).value(),
                          Uid::Parse(kind.sop_class).value(),
                          "1.2.840.10008.1.2.1",
                          kind.enhanced ? count * 40 : 1,
                          std::move(attributes)};
  }

  std::mt19937& random_;
  std::int64_t& last_association_;
  std::string calling_ae_title_;
  TimePoint now_;
  TimePoint last_new_{};
  SentStudy study_;
  int series_ = 0;
};

void SendAll(Scene& scene, const std::vector<MadeSeries>& study, bool repeated = false) {
  const std::int64_t association = scene.Open();
  for (const MadeSeries& series : study)
    for (const InstanceHeader& instance : series.instances)
      scene.Send(association, instance, repeated);
  scene.Close(association);
}

void OneAssociation(Scene& scene) { SendAll(scene, scene.Make({})); }

void AnyOrder(Scene& scene) {
  std::vector<MadeSeries> study = scene.Make({});
  for (MadeSeries& series : study)
    std::shuffle(series.instances.begin(), series.instances.end(), scene.random());
  SendAll(scene, study);
}

void PerInstance(Scene& scene) {
  for (const MadeSeries& series : scene.Make({.max_series = 3, .max_instances = 60}))
    for (const InstanceHeader& instance : series.instances) {
      const std::int64_t association = scene.Open();
      scene.Send(association, instance);
      scene.Close(association);
      scene.Wait(20, 400);
    }
}

void PerInstanceDeclared(Scene& scene) {
  for (const MadeSeries& series :
       scene.Make({.declares = true, .max_series = 3, .max_instances = 60}))
    for (const InstanceHeader& instance : series.instances) {
      const std::int64_t association = scene.Open();
      scene.Send(association, instance);
      scene.Close(association);
      scene.Wait(20, 400);
    }
}

void PerInstancePausing(Scene& scene) {
  for (const MadeSeries& series : scene.Make({.max_series = 3, .max_instances = 40}))
    for (const InstanceHeader& instance : series.instances) {
      const std::int64_t association = scene.Open();
      scene.Send(association, instance);
      scene.Close(association);
      scene.Chance(5) ? scene.Wait(5'000, 30'000) : scene.Wait(20, 400);
    }
}

void PerSeries(Scene& scene) {
  for (const MadeSeries& series : scene.Make({.min_series = 2})) {
    SendAll(scene, {series});
    scene.Wait(50, 400);
  }
}

void PerSeriesPausing(Scene& scene) {
  for (const MadeSeries& series : scene.Make({.min_series = 2})) {
    SendAll(scene, {series});
    scene.Wait(500, 30'000);
  }
}

/// One Instance of each Series in turn, over `associations` in turn.
void RoundRobin(Scene& scene, int associations) {
  const std::vector<MadeSeries> study = scene.Make({.min_series = 2});
  std::vector<std::int64_t> open;
  for (int i = 0; i < associations; ++i) open.push_back(scene.Open());
  std::size_t sent = 0;
  bool more = true;
  for (std::size_t i = 0; more; ++i) {
    more = false;
    for (const MadeSeries& series : study) {
      if (i >= series.instances.size()) continue;
      scene.Send(open[sent++ % open.size()], series.instances[i]);
      more = true;
    }
  }
  for (const std::int64_t association : open) scene.Close(association);
}

void Interleaved(Scene& scene) { RoundRobin(scene, 1); }
void Parallel(Scene& scene) { RoundRobin(scene, scene.Number(2, 4)); }

/// Each Series over an Association of its own, all at once.
void ParallelSeries(Scene& scene) {
  const TimePoint start = scene.now();
  TimePoint end = start;
  for (const MadeSeries& series : scene.Make({.min_series = 2})) {
    scene.SetNow(start);
    scene.Wait(0, 100);
    SendAll(scene, {series});
    end = std::max(end, scene.now());
  }
  scene.SetNow(end);
}

void Pausing(Scene& scene) {
  const std::int64_t association = scene.Open();
  for (const MadeSeries& series : scene.Make({}))
    for (const InstanceHeader& instance : series.instances) {
      scene.Send(association, instance);
      if (scene.Chance(2)) scene.Wait(2'000, 30'000);
    }
  scene.Close(association);
}

/// In every third Study the network fails; the sender comes again and sends all, or the rest.
void Retrying(Scene& scene) {
  const std::vector<MadeSeries> study = scene.Make({});
  if (!scene.Chance(33)) return SendAll(scene, study);
  std::vector<const InstanceHeader*> all;
  for (const MadeSeries& series : study)
    for (const InstanceHeader& instance : series.instances) all.push_back(&instance);
  const auto cut = static_cast<std::size_t>(scene.Number(1, static_cast<int>(all.size()) - 1));
  std::int64_t association = scene.Open();
  for (std::size_t i = 0; i < cut; ++i) scene.Send(association, *all[i]);
  scene.Close(association, /*released=*/false);
  scene.Wait(1'000, 30'000);
  association = scene.Open();
  for (std::size_t i = scene.Chance(50) ? 0 : cut; i < all.size(); ++i)
    scene.Send(association, *all[i], i < cut);
  scene.Close(association);
}

void LateSeries(Scene& scene) {
  SendAll(scene, scene.Make({}));
  scene.TransferOver();
  if (!scene.Chance(60)) return;
  scene.Wait(120'000, 480'000);
  SendAll(scene, {scene.MakeSeries({})});
}

void SendingAgain(Scene& scene) {
  const std::vector<MadeSeries> study = scene.Make({});
  const std::int64_t association = scene.Open();
  for (const MadeSeries& series : study)
    for (const InstanceHeader& instance : series.instances) {
      scene.Send(association, instance);
      if (scene.Chance(5)) scene.Send(association, instance, /*repeated=*/true);
    }
  scene.Close(association);
  if (!scene.Chance(50)) return;
  scene.Wait(1'000, 300'000);
  SendAll(scene, study, /*repeated=*/true);
}

void Enhanced(Scene& scene) {
  SendAll(scene, scene.Make({.sop_class = "1.2.840.10008.5.1.4.1.1.2.1",
                             .positions = false,
                             .enhanced = true,
                             .max_series = 4}));
}

/// Each view is an Instance and a Series of its own, sent when it was taken.
void Radiographs(Scene& scene) {
  const std::vector<MadeSeries> study = scene.Make({.modality = "DX",
                                                    .sop_class = "1.2.840.10008.5.1.4.1.1.1.1",
                                                    .positions = false,
                                                    .max_series = 3,
                                                    .min_instances = 1,
                                                    .max_instances = 1});
  for (std::size_t i = 0; i < study.size(); ++i) {
    if (i > 0) scene.Wait(2'000, 25'000);
    SendAll(scene, {study[i]});
  }
}

void NoNumbers(Scene& scene) {
  SendAll(scene, scene.Make({.modality = "US",
                             .sop_class = "1.2.840.10008.5.1.4.1.1.6.1",
                             .numbers = false,
                             .positions = false}));
}

void Holes(Scene& scene) { SendAll(scene, scene.Make({.holes = true})); }

/// Never releases an Association.
void Aborting(Scene& scene) {
  const std::int64_t association = scene.Open();
  for (const MadeSeries& series : scene.Make({}))
    for (const InstanceHeader& instance : series.instances) scene.Send(association, instance);
  scene.Close(association, /*released=*/false);
}

struct Behaviour {
  const char* name;
  void (*act)(Scene&);
};

constexpr std::array kBehaviours = {
    Behaviour{"one association", OneAssociation},
    Behaviour{"one association, any order", AnyOrder},
    Behaviour{"one association, interleaved series", Interleaved},
    Behaviour{"one association, pauses up to 30 s", Pausing},
    Behaviour{"one association, enhanced multi-frame", Enhanced},
    Behaviour{"one association, no instance numbers", NoNumbers},
    Behaviour{"one association, slices deleted", Holes},
    Behaviour{"one association, ended by abort", Aborting},
    Behaviour{"several at once, interleaved series", Parallel},
    Behaviour{"several at once, one per series", ParallelSeries},
    Behaviour{"association per series", PerSeries},
    Behaviour{"association per series, pauses up to 30 s", PerSeriesPausing},
    Behaviour{"association per image", PerInstance},
    Behaviour{"association per image, count declared", PerInstanceDeclared},
    Behaviour{"association per image, pauses up to 30 s", PerInstancePausing},
    Behaviour{"radiographs, association per view", Radiographs},
    Behaviour{"retry after abort", Retrying},
    Behaviour{"duplicates, study sent again", SendingAgain},
    Behaviour{"late series after minutes", LateSeries},
};

}  // namespace

std::vector<std::string> Behaviours() {
  std::vector<std::string> names;
  for (const Behaviour& behaviour : kBehaviours) names.emplace_back(behaviour.name);
  return names;
}

std::vector<SentStudy> MakeCorpus(unsigned seed, int studies) {
  std::vector<SentStudy> corpus;
  std::int64_t last_association = 0;
  for (std::size_t b = 0; b < kBehaviours.size(); ++b) {
    std::mt19937 random(seed * 1000 + static_cast<unsigned>(b));
    TimePoint now(seconds(1'700'000'000));
    for (int i = 0; i < studies; ++i) {
      Scene scene(random, last_association, kBehaviours[b].name, "SENDER" + std::to_string(b),
                  "2.25." + std::to_string(seed) + "." + std::to_string(b + 1) + "." +
                      std::to_string(i + 1),
                  now);
      kBehaviours[b].act(scene);
      now = scene.now() + seconds(scene.Number(5, 300));
      corpus.push_back(scene.Take());
    }
  }
  return corpus;
}

}  // namespace axial::sim
