// Batches on the CPU are the loader's memory; on another device, which stands in for a GPU, copies made in the right
// order.
#include "training/batch_feed.h"

#include <gmock/gmock.h>

#include "plugin/stand_in_device.h"
#include "tiny.h"

namespace rxrun {
namespace {

using ::testing::ElementsAre;

class BatchFeedTest : public ::testing::Test {
 protected:
  // Calls look(batch, tensors) for each batch of the training part: 33 images in batches of 8, the last of one.
  template <typename Look>
  void feed(const at::Device& device, const Look& look) {
    BatchFeed feed(dataset_, device);
    Loader loader(dataset_, Part::train, experiment_.data, {.batch = 8, .seed = 3, .shuffle = true});
    Batch batch;
    while (loader.next(batch)) look(batch, feed(batch));
  }

  Dataset dataset_ = tiny::dataset();
  Experiment experiment_ = tiny::experiment();
};

TEST_F(BatchFeedTest, OnTheCpuNothingIsCopied) {
  int batches = 0;
  feed(at::kCPU, [&](Batch& batch, const BatchTensors& tensors) {
    EXPECT_EQ(tensors.pixels.data_ptr<float>(), batch.pixels.data());
    EXPECT_EQ(tensors.labels.data_ptr<std::int64_t>(), batch.labels.data());
    EXPECT_EQ(tensors.pixels.sizes(), at::IntArrayRef({batch.size, 3, tiny::side, tiny::side}));
    EXPECT_TRUE(tensors.pixels.is_contiguous(at::MemoryFormat::ChannelsLast));
    ++batches;
  });
  EXPECT_EQ(batches, 5);
}

TEST_F(BatchFeedTest, ElsewhereTheCopiesOutliveTheBatch) {
  std::vector<BatchTensors> expected, copies;
  feed(at::kCPU, [&](Batch&, const BatchTensors& tensors) {
    expected.push_back({tensors.pixels.clone(), tensors.labels.clone()});
  });
  feed(stand_in_device(), [&](Batch& batch, const BatchTensors& tensors) {
    copies.push_back(tensors);
    std::fill(batch.pixels.begin(), batch.pixels.end(), -1.0f);
    std::fill(batch.labels.begin(), batch.labels.end(), -1);
  });
  ASSERT_EQ(copies.size(), expected.size());
  for (std::size_t i = 0; i < copies.size(); ++i) {
    EXPECT_EQ(copies[i].pixels.device(), stand_in_device());
    EXPECT_TRUE(copies[i].pixels.is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_TRUE(copies[i].pixels.to(at::kCPU).equal(expected[i].pixels)) << i;
    EXPECT_TRUE(copies[i].labels.to(at::kCPU).equal(expected[i].labels)) << i;
  }
}

// Stream 0 computes, stream 1 copies.
TEST_F(BatchFeedTest, ACopyIsMadeWhileTheStepBeforeIsComputed) {
  std::vector<std::vector<std::string>> logs;
  take_stream_log();
  feed(stand_in_device(), [&](Batch&, const BatchTensors&) { logs.push_back(take_stream_log()); });
  const auto event = [](const std::string& line) { return line.substr(line.rfind("event")); };
  ASSERT_EQ(logs.size(), 5u);
  ASSERT_EQ(logs[0].size(), 6u);
  // The first waits for nothing but what was there before.
  EXPECT_THAT(logs[0], ElementsAre("the program waits for stream 1", "stream 0 reaches " + event(logs[0][1]),
                                   "stream 1 reaches " + event(logs[0][2]), "stream 0 waits for " + event(logs[0][2]),
                                   "memory is in use by stream 0", "memory is in use by stream 0"));
  for (std::size_t i = 1; i < logs.size(); ++i) {
    ASSERT_EQ(logs[i].size(), 7u);
    const std::string step_before_last = event(logs[i - 1][i == 1 ? 1 : 2]), copied = event(logs[i][3]);
    EXPECT_THAT(logs[i], ElementsAre("the program waits for stream 1", "stream 1 waits for " + step_before_last,
                                     "stream 0 reaches " + event(logs[i][2]), "stream 1 reaches " + copied,
                                     "stream 0 waits for " + copied, "memory is in use by stream 0",
                                     "memory is in use by stream 0"));
  }
}

}  // namespace
}  // namespace rxrun
