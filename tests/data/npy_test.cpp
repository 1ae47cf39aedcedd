#include "data/npy.h"

#include <gtest/gtest.h>

#include "archive_files.h"
#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

using test::as_bytes;
using test::npy_bytes;
using testing::ElementsAre;
using testing::HasSubstr;

std::string fault(const std::string& bytes) {
  return test::error_of([&] { read_npy(as_bytes(bytes)); });
}

TEST(Npy, IntegersOfEverySizeAndOrder) {
  EXPECT_THAT(integers_of(read_npy(as_bytes(npy_bytes("|u1", "(3,)", std::string("\x01\xff\x00", 3))))),
              ElementsAre(1, 255, 0));
  EXPECT_THAT(integers_of(read_npy(as_bytes(npy_bytes("|i1", "(2,)", "\x01\xff")))), ElementsAre(1, -1));
  EXPECT_THAT(integers_of(read_npy(as_bytes(npy_bytes("<i2", "(1,)", "\x02\x01")))), ElementsAre(0x0102));
  EXPECT_THAT(integers_of(read_npy(as_bytes(npy_bytes(">i2", "(1,)", "\x01\x02", false, 2)))), ElementsAre(0x0102));
  EXPECT_THAT(
      integers_of(read_npy(as_bytes(npy_bytes("<i8", "(1, 1)", std::string("\xfe\xff\xff\xff\xff\xff\xff\xff", 8))))),
      ElementsAre(-2));
}

TEST(Npy, FortranOrderIsTurnedIntoCOrder) {
  // [[0, 1, 2], [3, 4, 5]] column by column.
  const std::string columns("\0\3\1\4\2\5", 6);
  EXPECT_THAT(bytes_of(read_npy(as_bytes(npy_bytes("|u1", "(2, 3)", columns, true)))), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(integers_of(read_npy(as_bytes(npy_bytes("|u1", "(2, 3)", columns, true)))),
              ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(Npy, WhatIsRefused) {
  EXPECT_THAT(fault("junk and more junk"), HasSubstr("not an npy array"));
  EXPECT_THAT(fault(npy_bytes("|O", "(3,)", "abc")), HasSubstr("Python objects"));
  EXPECT_THAT(fault(npy_bytes("<f4", "(1,)", "abcd")),
              testing::AllOf(HasSubstr("an npy array of floats (`<f4`), expected integers: images are bytes"),
                             testing::Not(HasSubstr("damaged"))));
  EXPECT_THAT(fault(npy_bytes("<U3", "(1,)", "abcd")), HasSubstr("an npy array of text (`<U3`)"));
  EXPECT_THAT(fault(npy_bytes("|u1[", "(1,)", "abcd")), HasSubstr("an unknown type"));
  EXPECT_THAT(fault(npy_bytes("|u1", "(4294967296, 4294967296, 4294967296)", "")),
              HasSubstr("too large for any memory"));
  EXPECT_THAT(fault(npy_bytes("|u1", "(99999999999999999999999,)", "")), HasSubstr("too large for any memory"));
  EXPECT_THAT(fault(npy_bytes("|u1", "(4,)", "abc")), HasSubstr("asks for 4 elements"));
  EXPECT_THAT(fault(npy_bytes("|u1", "(2,)", "abc")), HasSubstr("asks for 2 elements"));
  EXPECT_THAT(fault(npy_bytes("|u1", "(-1,)", "")), HasSubstr("damaged shape"));
  EXPECT_THAT(fault(npy_bytes("|u1", "(1,1,1,1,1,1,1,1,1)", "a")), HasSubstr("more than 8 axes"));
  EXPECT_THAT(fault(npy_bytes("|u1", "(1,), 'evil': (2,)", "a")), HasSubstr("unknown key `evil`"));
  EXPECT_THAT(fault(npy_bytes("|u1", "(1,)", "a", false, 9)), HasSubstr("version 9"));
}

}  // namespace
}  // namespace rxrun
