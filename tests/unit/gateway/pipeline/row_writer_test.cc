#include "gateway/pipeline/row_writer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

namespace axial::pipeline {
namespace {

using namespace std::chrono_literals;

AnsweredInstance Numbered(int number) {
  const Uid uid = Uid::Parse("1.2." + std::to_string(number)).value();
  store::NewInstance row{{uid, uid, uid, uid, "", 1, {}}, "", "", number, "", "", ""};
  return {std::move(row), {}, {}};
}

/// A database that can be stopped and broken.
class Rows {
 public:
  Status WriteAll(const std::vector<AnsweredInstance>& instances) {
    std::unique_lock lock(mutex_);
    ++tries_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !stopped_; });
    if (!broken_.ok()) return broken_;
    for (const AnsweredInstance& instance : instances) written_.push_back(instance.row.bytes);
    return {};
  }

  void Stop(bool stopped) {
    const std::lock_guard lock(mutex_);
    stopped_ = stopped;
    changed_.notify_all();
  }
  void Break(Status why) {
    const std::lock_guard lock(mutex_);
    broken_ = std::move(why);
  }
  /// That many tries have begun.
  bool Tried(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 30s, [&] { return tries_ >= count; });
  }
  std::vector<std::int64_t> written() {
    const std::lock_guard lock(mutex_);
    return written_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::int64_t> written_;
  Status broken_;
  bool stopped_ = false;
  int tries_ = 0;
};

std::vector<std::int64_t> To(int count) {
  std::vector<std::int64_t> numbers;
  for (int i = 1; i <= count; ++i) numbers.push_back(i);
  return numbers;
}

class RowWriterTest : public ::testing::Test {
 protected:
  void PutTo(int last) {
    while (next_ <= last) ASSERT_TRUE(writer_->Put(Numbered(next_++)).ok());
  }

  Rows rows_;
  std::unique_ptr<RowWriter> writer_ = std::make_unique<RowWriter>(
      [this](std::vector<AnsweredInstance>& instances) { return rows_.WriteAll(instances); });
  int next_ = 1;
};

TEST_F(RowWriterTest, WritesInOrderAndFlushWaitsForIt) {
  PutTo(1000);
  EXPECT_TRUE(writer_->Flush());
  EXPECT_EQ(rows_.written(), To(1000));
  EXPECT_TRUE(writer_->Flush());  // nothing to wait for
}

TEST_F(RowWriterTest, WritesWithoutBeingAsked) {
  PutTo(1);
  EXPECT_TRUE(rows_.Tried(1));
}

TEST_F(RowWriterTest, WritesWhatWaitsBeforeItEnds) {
  PutTo(3);
  writer_.reset();
  EXPECT_EQ(rows_.written(), To(3));
}

TEST_F(RowWriterTest, ASenderWaitsWhenTooManyDo) {
  rows_.Stop(true);
  PutTo(1);
  ASSERT_TRUE(rows_.Tried(1));
  PutTo(1 + static_cast<int>(RowWriter::kMaxWaiting));
  auto one_more = std::async(std::launch::async, [&] { PutTo(next_); });
  EXPECT_EQ(one_more.wait_for(50ms), std::future_status::timeout);
  rows_.Stop(false);
  one_more.get();
  EXPECT_TRUE(writer_->Flush());
  EXPECT_EQ(rows_.written(), To(2 + static_cast<int>(RowWriter::kMaxWaiting)));
}

TEST_F(RowWriterTest, WhatCannotBeWrittenIsKeptAndNoMoreIsTaken) {
  rows_.Break(Error(ErrorCode::kExhausted, "the disk is full"));
  PutTo(2);
  EXPECT_FALSE(writer_->Flush());
  EXPECT_TRUE(rows_.written().empty());
  const Status refused = writer_->Put(Numbered(99));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kExhausted);
  ASSERT_FALSE(writer_->Trouble().ok());
  EXPECT_EQ(writer_->Trouble().error().message(), "the disk is full");
  rows_.Break({});
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!writer_->Put(Numbered(3)).ok() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_TRUE(writer_->Flush());
  EXPECT_TRUE(writer_->Trouble().ok());
  EXPECT_EQ(rows_.written(), To(3));
}

TEST_F(RowWriterTest, EndsAlsoWhenNothingCanBeWritten) {
  rows_.Break(Error(ErrorCode::kExhausted, "the disk is full"));
  PutTo(2);
  writer_.reset();
  EXPECT_TRUE(rows_.written().empty());
}

}  // namespace
}  // namespace axial::pipeline
