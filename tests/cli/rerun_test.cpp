// The same once more, by number; and what is said when it cannot be the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"
#include "recording/connection.h"
#include "recording/query.h"

namespace rxrun::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Rerun, GivesTheSameFiguresAndSaysWhatChanged) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(2));
  ASSERT_EQ(place.rxrun({"tiny.yaml"}).code, 0);
  const Finished same = place.rxrun({"rerun", "1", "--exact"});
  ASSERT_EQ(same.code, 0) << same.err;
  EXPECT_THAT(same.out, HasSubstr("Data, plugins, engine and machine are the same as for run 1"));
  EXPECT_THAT(same.err, Not(HasSubstr("since run 1")));
  const Finished compared = place.rxrun({"compare", "1", "2"});
  ASSERT_EQ(compared.code, 0) << compared.err;
  EXPECT_THAT(compared.out, HasSubstr("run 1 and run 2 are bit-identical in all 2 epochs"));

  const auto database = place.results() / "results.db";
  Connection(database, Connection::Mode::read_write)
      .execute(
          "UPDATE properties SET value = '0.0.1' WHERE run = 1 AND name = 'environment.rxrun';"
          "UPDATE properties SET value = '7' WHERE run = 1 AND name = 'environment.engine_revision';"
          "UPDATE properties SET value = 'older' WHERE run = 1 AND name = 'environment.shipped.convnet';"
          "UPDATE runs SET content_hash = 'x' WHERE id = 1");
  const Finished refused = place.rxrun({"rerun", "1", "--exact"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("since run 1: rxrun was 0.0.1, is "));
  EXPECT_THAT(refused.err, HasSubstr("since run 1: engine_revision was 7, is "));
  EXPECT_THAT(refused.err, Not(HasSubstr("convnet"))) << "its build decides nothing";
  EXPECT_THAT(refused.err, HasSubstr("since run 1: the images or their labels are different"));
  EXPECT_THAT(refused.err, HasSubstr("3 things changed"));
  EXPECT_EQ(query(database, "SELECT id FROM runs").rows.size(), 2u) << "refused before anything was recorded";
  const Finished threads = place.rxrun({"rerun", "2", "--exact", "threads=2"});
  EXPECT_EQ(threads.code, 2);
  EXPECT_THAT(threads.err, HasSubstr("since run 2: threads was 1, is 2"));
  EXPECT_EQ(place.rxrun({"rerun", "1"}).code, 0);
  EXPECT_EQ(query(database, "SELECT id FROM runs WHERE status = 'finished'").rows.size(), 3u);
}

TEST(Rerun, TagsReachTheProgramThroughItsOptions) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1));
  ASSERT_EQ(place.rxrun({"tiny.yaml"}).code, 0);
  EXPECT_EQ(place.rxrun({"tag", "1", "+a", "quick", "-q"}).code, 0);
  EXPECT_THAT(place.rxrun({"tag", "1", "+b", "-quick", "--csv"}).out, HasSubstr(",a b,"));
  EXPECT_THAT(place.rxrun({"ls", "--where", "tag=a"}).out, HasSubstr("tiny-"));
  EXPECT_THAT(place.rxrun({"rm", "1"}).out, HasSubstr("removed"));
  EXPECT_THAT(place.rxrun({"ls"}).out, HasSubstr("No runs yet"));
  // A removed run answers no command: the experiment is run anew.
  const Finished anew = place.rxrun({"tiny.yaml"});
  EXPECT_EQ(anew.code, 0) << anew.err;
  EXPECT_THAT(anew.out, Not(HasSubstr("Nothing to do")));
  EXPECT_THAT(place.rxrun({"gc", "--yes"}).out, HasSubstr("Deleted 1 run "));
  EXPECT_THAT(place.rxrun({"ls"}).out, HasSubstr("finished"));
}

}  // namespace
}  // namespace rxrun::test
