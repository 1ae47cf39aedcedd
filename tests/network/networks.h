// Networks for tests, from the text of an experiment's `network:` part.
#pragma once

#include <string>

#include "network/network.h"
#include "plugin/catalog.h"

namespace rxrun::test {

// `text` is what stands under `network:`, in YAML's flow or block style, indented by two blanks. Its first line is line
// 3 of the file "experiment.yaml". Throws Error for what the checks before the network find.
CheckedNetwork check(const std::string& text);
Network build(const std::string& text, const Shape& input, std::int64_t classes);

// The networks of torchvision and of the article.
std::string resnet(const std::string& block, const std::string& depths);  // depths: "3, 4, 6, 3"
std::string resnext50(const std::string& options);                        // network-wide, one line: "cardinality: 32"

}  // namespace rxrun::test
