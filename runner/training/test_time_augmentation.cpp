#include "training/test_time_augmentation.h"

#include <cmath>
#include <vector>

#include "network/forward.h"

namespace rxrun {
namespace {

constexpr std::int64_t kHeight = 2, kWidth = 3;

std::vector<at::Tensor> positions(const at::Tensor& pixels, TestTimeAugmentation augmentation) {
  const auto with_mirror = [](std::vector<at::Tensor> list) {
    for (std::size_t i = 0, n = list.size(); i < n; ++i) list.push_back(list[i].flip({kWidth}));
    return list;
  };
  switch (augmentation) {
    case TestTimeAugmentation::none:
      return {pixels};
    case TestTimeAugmentation::mirrored:
      return with_mirror({pixels});
    case TestTimeAugmentation::dihedral:
      break;
  }
  std::vector<at::Tensor> turned;
  const bool square = pixels.size(kHeight) == pixels.size(kWidth);
  for (std::int64_t quarters = 0; quarters < 4; quarters += square ? 1 : 2)
    turned.push_back(pixels.rot90(quarters, {kHeight, kWidth}));
  return with_mirror(std::move(turned));
}

}  // namespace

at::Tensor logits_of(const Network& network, const at::Tensor& pixels, TestTimeAugmentation augmentation) {
  if (augmentation == TestTimeAugmentation::none || pixels.dim() != 4) return forward(network, pixels);
  std::vector<at::Tensor> votes;
  for (const at::Tensor& position : positions(pixels, augmentation)) {
    const at::Tensor copy = position.contiguous(at::MemoryFormat::ChannelsLast);
    votes.push_back(forward(network, copy).to(at::kFloat).log_softmax(1));
  }
  return at::stack(votes).logsumexp(0) - std::log(static_cast<double>(votes.size()));
}

}  // namespace rxrun
