#include "inference/protocol/messages.h"

#include <gtest/gtest.h>

#include <random>

namespace axial::protocol {
namespace {

RunJob SampleRunJob() {
  RunJob job{7, 2, {"/in/a.dcm", "/in/b \"quoted\".dcm"}, "/out", 5};
  config::ResultProfile archive;
  archive.segmentation = config::ResultProfile::Segmentation::kLabelmap;
  archive.rle = true;
  archive.keep_empty_frames = true;
  archive.report = config::ResultProfile::Report::kEnhanced;
  archive.report_failures = false;
  archive.also = {config::ExtraResult::kSecondaryCapture, config::ExtraResult::kKeyObjects};
  archive.captured_slices = config::ResultProfile::Slices::kEvery;
  archive.first_series_number = 501;
  archive.banner = "not for diagnosis";
  job.profiles.push_back(archive);
  job.predecessors = {{"sr", "1.2", "1.3", "1.4", {1}}};
  job.failure =
      RunFailure{true, "no such slices", {"lungs", "1.0", "abc", "Axial Lungs", "Axial", "1.2"}};
  return job;
}

TEST(ProtocolMessages, EveryKindSurvivesARoundTrip) {
  const Hello hello{kVersion, "chest-ct-lungs", "1.0.0", "abc", "cpu", 0.75};
  const JobDone done{7, {{"seg.dcm", "seg", "1.2", "1.3", "1.4", {0, 1}}}, "2 segments"};
  const std::vector<Message> messages = {
      hello,
      SampleRunJob(),
      Progress{7, 0.25, "infer"},
      done,
      JobFailed{7, ErrorCode::kUnsupported, "spacing differs", true},
      Shutdown{}};
  for (const Message& message : messages) {
    const Result<Message> back = Decode(Encode(message));
    ASSERT_TRUE(back.ok()) << back.error().message();
    EXPECT_EQ(Encode(message), Encode(*back));
    EXPECT_EQ(message.index(), back->index());
  }
}

TEST(ProtocolMessages, RunJobKeepsEveryMember) {
  const Result<Message> back = Decode(Encode(SampleRunJob()));
  ASSERT_TRUE(back.ok());
  const RunJob& job = std::get<RunJob>(*back);
  EXPECT_EQ(job.job, 7);
  EXPECT_EQ(job.attempt, 2);
  ASSERT_EQ(job.input_files.size(), 2u);
  EXPECT_EQ(job.input_files[1], "/in/b \"quoted\".dcm");
  EXPECT_EQ(job.output_directory, "/out");
  EXPECT_EQ(job.run_of_study, 5);
  EXPECT_EQ(job.profiles, SampleRunJob().profiles);
  ASSERT_EQ(job.predecessors.size(), 1u);
  EXPECT_EQ(job.predecessors[0].kind, "sr");
  EXPECT_EQ(job.predecessors[0].sop_instance_uid, "1.4");
  EXPECT_EQ(job.predecessors[0].profiles, std::vector{1});
  ASSERT_TRUE(job.failure.has_value());
  EXPECT_TRUE(job.failure->not_applicable);
  EXPECT_EQ(job.failure->reason, "no such slices");
  EXPECT_EQ(job.failure->model.name, "lungs");
  EXPECT_EQ(job.failure->model.version, "1.0");
  EXPECT_EQ(job.failure->model.digest, "abc");
  EXPECT_EQ(job.failure->model.algorithm_name, "Axial Lungs");
  EXPECT_EQ(job.failure->model.algorithm_manufacturer, "Axial");
  EXPECT_EQ(job.failure->model.algorithm_version, "1.2");
}

TEST(ProtocolMessages, RefusesWhatIsNoMessage) {
  for (const char* text : {"", "null", "[]", "{", "{}", R"({"type":7})", R"({"type":"explode"})",
                           R"({"type":"progress","job":1,"fraction":0.5})",
                           R"({"type":"progress","job":"1","fraction":0.5,"stage":"load"})",
                           R"({"type":"progress","job":1.5,"fraction":0.5,"stage":"load"})",
                           R"({"type":"job_failed","job":1,"code":"no_such_code","message":""})",
                           R"({"type":"job_done","job":1,"summary":"","artifacts":[1]})",
                           R"({"type":"job_done","job":1,"summary":"","artifacts":[{"file":"a",)"
                           R"("kind":"seg","sop_class_uid":"1","series_instance_uid":"1",)"
                           R"("sop_instance_uid":"1","profiles":[-1]}]})",
                           R"({"type":"run_job","job":1,"attempt":1,"input_files":[],)"
                           R"("output_directory":"","run_of_study":1,"profiles":[],)"
                           R"("predecessors":[]})",
                           R"({"type":"run_job","job":1,"attempt":99999999999,"input_files":[],)"
                           R"("output_directory":"","run_of_study":1})"}) {
    const Result<Message> decoded = Decode(text);
    ASSERT_FALSE(decoded.ok()) << text;
    EXPECT_EQ(decoded.error().code(), ErrorCode::kInvalidInput);
  }
}

TEST(ProtocolMessages, NoSeriesNumberIsBeyondAnIntegerString) {
  const std::string right = Encode(SampleRunJob());
  ASSERT_TRUE(Decode(right).ok());
  for (const auto& [member, wrong] :
       {std::pair("\"run_of_study\":5", "\"run_of_study\":-1"),
        {"\"run_of_study\":5", "\"run_of_study\":1000001"},
        {"\"first_series_number\":501", "\"first_series_number\":0"},
        {"\"first_series_number\":501", "\"first_series_number\":2000000001"}}) {
    std::string text = right;
    ASSERT_NE(text.find(member), std::string::npos) << text;
    text.replace(text.find(member), std::string(member).size(), wrong);
    EXPECT_EQ(Decode(text).error().code(), ErrorCode::kInvalidInput) << wrong;
  }
}

TEST(ProtocolMessages, DeepNestingIsRefusedNotACrash) {
  EXPECT_FALSE(Decode(std::string(1'000'000, '[')).ok());
  EXPECT_FALSE(Decode(std::string(500'000, '[') + std::string(500'000, ']')).ok());
}

TEST(ProtocolMessages, InvalidUtf8IsReplacedWhenWriting) {
  const Result<Message> back =
      Decode(Encode(JobFailed{1, ErrorCode::kInternal, std::string("bad \xff byte")}));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(std::get<JobFailed>(*back).message, "bad \xef\xbf\xbd byte");
}

TEST(ProtocolMessages, MutatedTextIsDecodedOrRefused) {
  std::mt19937 random(20261123);
  const std::string good = Encode(SampleRunJob());
  for (int round = 0; round < 2000; ++round) {
    std::string text = good;
    for (int flips = 0; flips < 3; ++flips)
      text[random() % text.size()] = static_cast<char>(random() & 0xff);
    (void)Decode(text.substr(0, random() % (text.size() + 1)));
    (void)Decode(text);
  }
}

}  // namespace
}  // namespace axial::protocol
