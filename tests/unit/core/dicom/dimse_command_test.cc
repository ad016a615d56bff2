#include "core/dicom/dimse_command.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/raw_scu.h"

namespace axial {
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

TEST(DimseCommand, ReadsTheResponseItWrites) {
  const std::string bytes =
      EncodeDimseResponse({kCStoreRequest | kResponse, 7, 0xa700, "1.2.3", "1.2.3.4", "odd"});
  EXPECT_EQ(bytes.size() % 2, 0u);
  EXPECT_EQ(bytes.substr(8, 4), std::string({static_cast<char>(bytes.size() - 12), 0, 0, 0}));
  const Result<DimseCommand> command = ParseDimseCommand(bytes);
  ASSERT_TRUE(command.ok());
  EXPECT_EQ(command->command_field, 0x8001);
  EXPECT_FALSE(command->has_data_set);
  EXPECT_EQ(command->affected_sop_class_uid, "1.2.3");
  EXPECT_EQ(command->affected_sop_instance_uid, "1.2.3.4");
  EXPECT_NE(bytes.find("odd "), std::string::npos);
  EXPECT_EQ(command->error_comment, "odd");
}

TEST(DimseCommand, ACommentIsShortAndPrintable) {
  const std::string bytes =
      EncodeDimseResponse({0x8001, 7, 0xc000, "", "", "\x1b[31m" + std::string(500, 'x')});
  EXPECT_EQ(ParseDimseCommand(bytes)->error_comment, "?[31m" + std::string(59, 'x'));
}

TEST(DimseCommand, RepeatsOnlyUidsInAResponse) {
  const std::string bytes = EncodeDimseResponse({0x8001, 7, 0xc000, "no UID", "", ""});
  EXPECT_EQ(bytes.find("no UID"), std::string::npos);
  EXPECT_TRUE(ParseDimseCommand(bytes).ok());
}

}  // namespace
}  // namespace axial
