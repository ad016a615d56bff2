#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

/// Two patients in one Study.
class StudyPatientTest : public StoreTest {
 protected:
  static NewInstance Of(const std::string& patient_id, const std::string& series,
                        const std::string& sop, const std::string& name = "Doe^Jane") {
    NewInstance instance = MakeInstance("1.1", series, sop, "digest" + sop + patient_id, 0);
    instance.header.attributes["PatientID"] = {"LO", {patient_id}};
    instance.header.attributes["PatientName"] = {"PN", {name}};
    return instance;
  }

  std::string Add(const NewInstance& instance) {
    const auto added = studies->AddInstance(instance);
    EXPECT_TRUE(added.ok());
    return added->patient_conflict;
  }

  std::string Conflict() const { return studies->Find("1.1").value().value().patient_conflict; }

  std::vector<std::string> EventsOfKind(const std::string& kind) const {
    std::vector<std::string> details;
    for (const EventRow& event : studies->Events("1.1", 100).value())
      if (event.kind == kind) details.push_back(event.detail);
    return details;
  }
};

constexpr const char* kReason =
    "images of two patients: Patient ID of SOP Instance 1.1.2.1 is not that of SOP Instance "
    "1.1.1.1";

TEST_F(StudyPatientTest, OfAnotherSeriesIsKeptOnceAndShownWithoutPatientData) {
  EXPECT_EQ(Add(Of("4711", "1.1.1", "1.1.1.1")), "");
  EXPECT_EQ(Add(Of("4712", "1.1.2", "1.1.2.1")), kReason);
  EXPECT_EQ(Add(Of("4713", "1.1.2", "1.1.2.2")), "");  // the first says enough
  EXPECT_EQ(Conflict(), kReason);
  const auto events = EventsOfKind("two_patients");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].find("471"), std::string::npos);
  EXPECT_EQ(events[0].find("Doe"), std::string::npos);
  Reopen();
  EXPECT_EQ(Conflict(), kReason);
}

TEST_F(StudyPatientTest, NoJobOfTheStudyGetsItsFiles) {
  const Job job = AddJob({"pacs"});  // before the second patient came
  EXPECT_TRUE(jobs->InputFiles(job).ok());
  Add(Of("4711", "1.1.1", "1.1.1.2"));
  Add(Of("4712", "1.1.2", "1.1.2.1"));
  const auto files = jobs->InputFiles(job);
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().code(), ErrorCode::kInvalidInput);
  EXPECT_TRUE(files.error().message().starts_with("images of two patients: Patient ID of"));
  EXPECT_NE(files.error().message().find("new study"), std::string::npos);
}

TEST_F(StudyPatientTest, ASpellingOrASilenceIsNoOtherPatient) {
  Add(Of("", "1.1.1", "1.1.1.1", ""));
  EXPECT_EQ(Add(Of("4711", "1.1.1", "1.1.1.2", "DOE^JANE")), "");
  EXPECT_EQ(Add(Of("4711", "1.1.2", "1.1.2.1", "Do^Jane")), "");
  EXPECT_EQ(Add(Of("\xFF", "1.1.2", "1.1.2.2")).empty(), false);
  // Named is who first said who it is.
  EXPECT_TRUE(Conflict().ends_with("SOP Instance 1.1.1.2")) << Conflict();
}

TEST_F(StudyPatientTest, BytesThatAreNoTextStayTheSamePatient) {
  EXPECT_EQ(Add(Of("\xFF\xFE", "1.1.1", "1.1.1.1")), "");
  EXPECT_EQ(Add(Of("\xFF\xFE", "1.1.2", "1.1.2.1", "Roe^Jane")), "");
}

TEST_F(StudyPatientTest, TheSameInstanceWithThePatientCorrectedIsAConflictToo) {
  Add(Of("4711", "1.1.1", "1.1.1.1"));
  const auto corrected = studies->AddInstance(Of("4712", "1.1.1", "1.1.1.1"));
  EXPECT_EQ(corrected->outcome, AddOutcome::kConflicting);
  EXPECT_FALSE(corrected->patient_conflict.empty());
  EXPECT_FALSE(Conflict().empty());
}

TEST_F(StudyPatientTest, OfAnotherStudyDoesNotMatter) {
  Add(Of("4711", "1.1.1", "1.1.1.1"));
  NewInstance other = MakeInstance("1.2", "1.2.1", "1.2.1.1", "a", 0);
  other.header.attributes["PatientID"] = {"LO", {"4712"}};
  EXPECT_EQ(studies->AddInstance(other)->patient_conflict, "");
  EXPECT_EQ(Conflict(), "");
}

}  // namespace
}  // namespace axial::store
