#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/dicom/attribute_set.h"
#include "core/dicom/instance_header.h"
#include "core/dicom/uid.h"

namespace axial::routing {

/// What rules see of one Series of a StudyRevision.
struct SeriesSummary {
  Uid series_instance_uid;
  std::string sop_class_uid;     ///< the most frequent SOP Class; the representative's
  AttributeSet attributes;       ///< all of the representative's (its study attributes too)
  std::int64_t instances = 0;    ///< Instances of any SOP Class
  std::int64_t frames = 0;       ///< sum of Number of Frames over them
  std::string calling_ae_title;  ///< of the Series' first received Instance; "" when unknown
  std::string called_ae_title;   ///< of the same Association; "" when unknown
};

/// What rules see of one StudyRevision. A plain value.
///
/// A Series' representative is the first received Instance of its most frequent SOP Class (of two
/// equally frequent ones, the one received first). Study attributes (see IsStudyAttribute) are
/// those of the first received Series' representative.
struct StudySummary {
  Uid study_instance_uid;
  AttributeSet attributes;            ///< study attributes only
  std::vector<SeriesSummary> series;  ///< in order of first reception, each UID once
};

/// True for the attributes of the Patient, General Study and Patient Study modules (PS3.3 C.7.1.1,
/// C.7.2.1, C.7.2.2): a rule reads them from the Study, every other attribute from the Series.
[[nodiscard]] bool IsStudyAttribute(std::string_view keyword);

/// The study attributes among `attributes`.
[[nodiscard]] AttributeSet StudyAttributes(const AttributeSet& attributes);

/// Builds the StudySummary of one Study from its Instances in the order of reception. Keeps one
/// AttributeSet per Series and SOP Class, so its memory does not grow with the Instances.
/// Not thread-safe.
class StudySummaryBuilder {
 public:
  /// The same SOP Instance UID must be added once only; the caller knows its Instances.
  /// Error: InvalidInput (an Instance of another Study than the first one's).
  [[nodiscard]] Status Add(const InstanceHeader& header, const std::string& calling_ae_title,
                           const std::string& called_ae_title);

  /// The summary of what was added so far. Error: NotFound (nothing was added).
  [[nodiscard]] Result<StudySummary> Build() const;

 private:
  struct SopClass {
    std::string uid;
    std::int64_t instances = 0;
    AttributeSet attributes;  ///< of the first received Instance
  };
  struct Series {
    Uid uid;
    std::vector<SopClass> sop_classes;  ///< in order of first reception
    std::int64_t frames = 0;
    std::string calling_ae_title;
    std::string called_ae_title;
  };

  std::optional<Uid> study_;
  std::vector<Series> series_;
  std::map<Uid, std::size_t> series_index_;
};

/// One JSON object, as stored with a StudyRevision for dry runs.
[[nodiscard]] std::string ToJson(const StudySummary& summary);

/// The inverse of ToJson. Error: Corrupt.
[[nodiscard]] Result<StudySummary> StudySummaryFromJson(std::string_view json);

}  // namespace axial::routing
