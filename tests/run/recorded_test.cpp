#include "run/recorded.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "../cli/program.h"
#include "diagnostics/diagnostic.h"
#include "recording/connection.h"
#include "recording/query.h"

namespace rxrun::test {
namespace {

using testing::HasSubstr;

class Recorded : public testing::Test {
 protected:
  Recorded() : database(place.folder() / "results.db"), recorder(database) {
    run = recorder.begin({.name = "a-1", .experiment = "a", .identity = "x"}, {});
  }
  std::string reason() const {
    return std::get<std::string>(query(database, "SELECT reason FROM runs WHERE status = 'failed'").rows.at(0).at(0));
  }

  Workplace place;
  std::filesystem::path database;
  Recorder recorder;
  std::int64_t run = 0;
};

TEST_F(Recorded, WhateverIsThrownIsTheReason) {
  EXPECT_NO_THROW(recorded(recorder, run, [] {}));
  EXPECT_THROW(recorded(recorder, run, [] { throw std::runtime_error("a cable was pulled"); }), std::runtime_error);
  EXPECT_EQ(reason(), "a cable was pulled");
}

TEST_F(Recorded, AFailureThatCannotBeRecordedDoesNotHideItsCause) {
  Connection(database, Connection::Mode::read_write).execute("DROP TABLE artifacts");
  try {
    recorded(recorder, run, [] { throw Error(Failure::run, "the loss is not a number", "try a smaller rate"); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.failure(), Failure::run);
    ASSERT_EQ(error.diagnostics().size(), 2u);
    EXPECT_EQ(error.diagnostics()[0].message, "the loss is not a number");
    EXPECT_EQ(error.diagnostics()[0].advice, "try a smaller rate");
    EXPECT_THAT(error.diagnostics()[1].message, HasSubstr("could not be marked as failed"));
    EXPECT_THAT(error.diagnostics()[1].message, HasSubstr("artifacts"));
  }
}

}  // namespace
}  // namespace rxrun::test
