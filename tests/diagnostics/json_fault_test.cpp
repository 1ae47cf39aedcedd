#include "diagnostics/json_fault.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

namespace rxrun {
namespace {

using nlohmann::json;

std::string fault_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const json::exception& error) {
    return json_fault(error.what());
  }
  return "none";
}

TEST(JsonFault, SpeaksOfTheValueAndNotOfTheLibrary) {
  const json object = {{"a", 1}}, list = {1}, number = 7;
  EXPECT_EQ(fault_of([&] { [[maybe_unused]] const json& value = object.at("event"); }), "`event` is missing");
  EXPECT_EQ(fault_of([&] { [[maybe_unused]] const json& value = object.at("it's"); }), "`it's` is missing");
  EXPECT_EQ(fault_of([&] { [[maybe_unused]] const auto value = number.get<std::string>(); }),
            "expected string, found number");
  EXPECT_EQ(fault_of([&] { [[maybe_unused]] const auto& value = number.get_ref<const std::string&>(); }).find('['),
            std::string::npos);
  EXPECT_EQ(fault_of([&] { [[maybe_unused]] const json& value = number.at("a"); }),
            "expected an object or a list, found number");
  EXPECT_EQ(fault_of([&] { [[maybe_unused]] const json& value = list.at(3); }), "array index 3 is out of range");
  EXPECT_EQ(fault_of([&] { [[maybe_unused]] const json value = json::parse("{"); }).find("[json"), std::string::npos);
  EXPECT_EQ(json_fault("unknown version 2"), "unknown version 2");
}

}  // namespace
}  // namespace rxrun
