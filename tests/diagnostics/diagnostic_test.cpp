#include "diagnostics/diagnostic.h"

#include <gmock/gmock.h>

namespace rxrun {
namespace {

using testing::StrEq;

TEST(Error, SaysItsFirstErrorAndHowManyMore) {
  EXPECT_THAT(Error(Failure::run, "disk full").what(), StrEq("disk full"));
  const Diagnostic warning{Severity::warning, {}, "odd", ""}, first{Severity::error, {}, "bad", ""},
      second{Severity::error, {}, "worse", ""};
  EXPECT_THAT(Error(Failure::usage, {warning, first}).what(), StrEq("bad"));
  EXPECT_THAT(Error(Failure::usage, {warning, first, second, second}).what(), StrEq("bad (and 2 more)"));
  EXPECT_THAT(Error(Failure::usage, {warning}).what(), StrEq("odd"));
}

TEST(Error, KeepsWhoHasToActAndEveryDiagnostic) {
  const Error error(Failure::try_later, "busy", "wait");
  EXPECT_EQ(static_cast<int>(error.failure()), 75);
  ASSERT_EQ(error.diagnostics().size(), 1u);
  EXPECT_EQ(error.diagnostics()[0].advice, "wait");
  EXPECT_EQ(Error(Diagnostic{Severity::error, {"f", 1, 2, 3, "x"}, "m", ""}).failure(), Failure::usage);
}

TEST(Diagnostics, ThrowAllTheyHaveOnceThereIsAnError) {
  Diagnostics diagnostics;
  diagnostics.warning({}, "careful");
  EXPECT_FALSE(diagnostics.has_errors());
  EXPECT_NO_THROW(diagnostics.throw_errors());
  diagnostics.error({"f", 3, 1, 1, "x"}, "one");
  diagnostics.error({"f", 2, 1, 1, "x"}, "two");
  ASSERT_TRUE(diagnostics.has_errors());
  try {
    diagnostics.throw_errors();
    FAIL() << "nothing thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.failure(), Failure::usage);
    EXPECT_EQ(error.diagnostics(), diagnostics.list());
    EXPECT_STREQ(error.what(), "one (and 1 more)");
  }
}

}  // namespace
}  // namespace rxrun
