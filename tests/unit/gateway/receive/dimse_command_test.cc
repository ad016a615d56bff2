#include "gateway/receive/dimse_command.h"

#include <gtest/gtest.h>

#include <random>

#include "gateway/receive/file_meta_information.h"
#include "gateway/receive/presentation_contexts.h"
#include "tests/support/raw_scu.h"

namespace axial::receive {
namespace {

TEST(DimseCommand, ReadsStoreRequest) {
  const auto command =
      ParseDimseCommand(testing::RawScu::StoreCommand("1.2.840.10008.5.1.4.1.1.2", "1.2.3"));
  ASSERT_TRUE(command.ok()) << command.error().ToString();
  EXPECT_EQ(command->command_field, kCStoreRequest);
  EXPECT_EQ(command->message_id, 7);
  EXPECT_TRUE(command->has_data_set);
  EXPECT_EQ(command->affected_sop_class_uid, "1.2.840.10008.5.1.4.1.1.2");
  EXPECT_EQ(command->affected_sop_instance_uid, "1.2.3");
}

TEST(DimseCommand, RefusesWhatIsNoCommand) {
  EXPECT_FALSE(ParseDimseCommand("").ok());
  EXPECT_FALSE(ParseDimseCommand("\x08").ok());
  EXPECT_FALSE(ParseDimseCommand(std::string("\x08\0\x05\0\0\0\0\0", 8)).ok());
  EXPECT_FALSE(ParseDimseCommand(std::string("\0\0\0\x01\xff\xff\xff\xff", 8)).ok());
}

TEST(DimseCommand, SurvivesMutations) {
  std::mt19937 random(4);
  const std::string command = testing::RawScu::StoreCommand("1.2.840.10008.5.1.4.1.1.2", "1.2.3");
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = command;
    for (std::size_t i = 0; i < 1 + random() % 4; ++i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    if (!ParseDimseCommand(bytes).ok()) ++refused;
  }
  EXPECT_GT(refused, 5000);
}

TEST(PresentationContexts, AcceptStorageAndVerificationOnly) {
  EXPECT_TRUE(IsAcceptedSopClass("1.2.840.10008.1.1"));
  EXPECT_TRUE(IsAcceptedSopClass("1.2.840.10008.5.1.4.1.1.2"));
  EXPECT_TRUE(IsAcceptedSopClass("1.2.840.10008.5.1.4.1.1.99999"));
  EXPECT_FALSE(IsAcceptedSopClass("1.2.840.10008.5.1.4.1.2.1.1"));
  EXPECT_FALSE(IsAcceptedSopClass("1.2.840.10008.5.1.4.31"));
  EXPECT_FALSE(IsAcceptedSopClass(""));
}

TEST(FileMetaInformation, IsTheSameForTheSameInstance) {
  const std::string meta = EncodeFileMetaInformation("1.2.3", "1.2.3.4", "1.2.840.10008.1.2.1");
  EXPECT_EQ(meta, EncodeFileMetaInformation("1.2.3", "1.2.3.4", "1.2.840.10008.1.2.1"));
  EXPECT_EQ(meta.substr(128, 4), "DICM");
  EXPECT_EQ(meta.size() % 2, 0u);
}

}  // namespace
}  // namespace axial::receive
