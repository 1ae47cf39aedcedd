#include <gtest/gtest.h>

#include <fstream>

#include "archive_files.h"
#include "data/dataset.h"
#include "data/source.h"
#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;
using test::counting;
using test::error_of;
using test::idx_bytes;
using test::medmnist_members;
using test::Member;
using test::npy_bytes;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

DataSpec spec_of(SourceKind kind, const fs::path& path) {
  DataSpec spec;
  spec.source = kind;
  spec.path = path;
  return spec;
}

std::string medmnist_fault(const std::vector<Member>& members, std::uint64_t memory = 1 << 30) {
  const TemporaryFolder folder;
  DataSpec spec = spec_of(SourceKind::medmnist, folder.path() / "x.npz");
  spec.memory = memory;
  test::write_zip(spec.path, members);
  return error_of([&] { open_source(spec, 0); });
}

std::vector<Member> with(const std::string& name, const std::string& bytes) {
  std::vector<Member> members = medmnist_members(4, false);
  for (Member& member : members)
    if (member.name == name) member.bytes = bytes;
  return members;
}

TEST(Medmnist, GreyAndColourWithParts) {
  for (const bool colour : {false, true}) {
    const TemporaryFolder folder;
    test::write_zip(folder.path() / "x.npz", medmnist_members(4, colour));
    const auto source = open_source(spec_of(SourceKind::medmnist, folder.path() / "x.npz"), 0);
    EXPECT_THAT(source->classes(), ElementsAre("0", "1"));
    ASSERT_EQ(source->samples().size(), 12u);
    EXPECT_EQ(source->samples()[5].name, "val[1]");
    EXPECT_EQ(source->samples()[5].label, 1);
    EXPECT_EQ(source->samples()[5].part, "val");
    EXPECT_EQ(source->channels(), colour ? 3 : 1);
    const Image image = source->decode(5);
    EXPECT_EQ(image.height, 4);
    EXPECT_EQ(image.pixels[0], (16 * (colour ? 3 : 1) + 1) % 251);
  }
}

TEST(Medmnist, AnyNumberOfChannelsThatIsDeclared) {
  const TemporaryFolder folder;
  const std::vector<Member> members = {{"train_images.npy", npy_bytes("|u1", "(4, 2, 2, 5)", counting(80)), ""},
                                       {"train_labels.npy", npy_bytes("|u1", "(4,)", std::string("\0\1\0\1", 4)), ""}};
  test::write_zip(folder.path() / "x.npz", members);
  DataSpec spec = spec_of(SourceKind::medmnist, folder.path() / "x.npz");
  spec.channels = 5;
  const auto source = open_source(spec, 0);
  EXPECT_EQ(source->channels(), 5);
  EXPECT_EQ(source->decode(1).channels, 5);
}

TEST(Medmnist, OtherMembersAreNotTouched) {
  std::vector<Member> members = medmnist_members(4, false);
  members.push_back({"../../evil", "x", ""});
  members.push_back({"/etc/evil.npy", "x", ""});
  EXPECT_EQ(medmnist_fault(members), "no error");
}

TEST(Medmnist, WhatIsRefused) {
  EXPECT_THAT(medmnist_fault({{"other.npy", "x", ""}}), HasSubstr("no train_images.npy"));
  EXPECT_THAT(medmnist_fault(with("train_images.npy", npy_bytes("|O", "(4,)", "abcd"))),
              HasSubstr("train_images.npy: an npy array of Python objects"));
  EXPECT_THAT(medmnist_fault(with("train_images.npy", npy_bytes("<u2", "(4, 4, 4)", counting(128)))),
              HasSubstr("unsigned bytes"));
  EXPECT_THAT(medmnist_fault(with("train_images.npy", npy_bytes("|u1", "(4, 16)", counting(64)))),
              HasSubstr("images × height × width"));
  EXPECT_THAT(medmnist_fault(with("train_images.npy", npy_bytes("|u1", "(4, 2, 2, 5)", counting(80)))),
              HasSubstr("train_images.npy has 5 channels, neither 1, grey, nor 3, colour"));
  EXPECT_THAT(medmnist_fault(with("train_images.npy", npy_bytes("|u1", "(4, 2, 2, 0)", ""))), HasSubstr("0 channels"));
  EXPECT_THAT(medmnist_fault(with("train_images.npy", npy_bytes("|u1", "(0, 0, 0)", ""))),
              HasSubstr("size out of range"));
  EXPECT_THAT(medmnist_fault(with("train_labels.npy", npy_bytes("|u1", "(3, 1)", "\1\1\1"))),
              HasSubstr("3 labels for 4 images"));
  EXPECT_THAT(medmnist_fault(with("train_labels.npy", npy_bytes("|u1", "(4, 2)", counting(8)))),
              HasSubstr("several labels"));
  EXPECT_THAT(medmnist_fault(with("train_labels.npy", npy_bytes("|i1", "(4,)", "\1\1\1\xff"))),
              HasSubstr("label -1 of train[3] is out of range"));
  std::vector<Member> encrypted = medmnist_members(4, false);
  encrypted[0].password = "secret";
  EXPECT_THAT(medmnist_fault(encrypted), HasSubstr("train_images.npy is encrypted"));
}

TEST(Medmnist, BombsAndTooLargeArchives) {
  const std::string zeros(64 << 20, '\0');
  const std::string shape = "(16384, 64, 64)";
  EXPECT_THAT(medmnist_fault(with("train_images.npy", npy_bytes("|u1", shape, zeros))),
              HasSubstr("unpacks to more than 1000 times its size"));
  EXPECT_THAT(medmnist_fault(with("train_images.npy", npy_bytes("|u1", "(4, 400, 400)", counting(640'000))), 100'000),
              HasSubstr("data.memory allows"));
}

TEST(Medmnist, DamagedArchives) {
  const TemporaryFolder folder;
  test::write_zip(folder.path() / "x.npz", medmnist_members(40, true));
  const auto size = fs::file_size(folder.path() / "x.npz");
  fs::resize_file(folder.path() / "x.npz", size / 2);
  EXPECT_THAT(error_of([&] { open_source(spec_of(SourceKind::medmnist, folder.path() / "x.npz"), 0); }),
              HasSubstr("not a readable .npz"));
  EXPECT_THAT(error_of([&] { open_source(spec_of(SourceKind::medmnist, folder.path()), 0); }),
              HasSubstr("is a folder"));
}

TEST(Medmnist, OfAFolderTheFileInItIsNamed) {
  const TemporaryFolder folder;
  DataSpec spec = spec_of(SourceKind::medmnist, folder.path());
  spec.written["path"] = {"x.yaml", 7, 3, 1, ""};
  const auto told = [&] {
    try {
      open_source(spec, 0);
    } catch (const Error& error) {
      const Diagnostic& fault = error.diagnostics().front();
      return fault.where.file + ":" + std::to_string(fault.where.line) + ": " + fault.message + " / " + fault.advice;
    }
    return std::string();
  };
  const std::string fault =
      "x.yaml:7: " + folder.path().string() + " is a folder, but source medmnist expects a file, .npz / ";
  EXPECT_EQ(told(), fault + "it holds no .npz file");
  folder.write("notes.txt", "");
  folder.write("b.npz", "");
  EXPECT_EQ(told(), fault + "write " + (folder.path() / "b.npz").string());
  folder.write("a.npz", "");
  EXPECT_EQ(told(), fault + "name one of the files in it: a.npz, b.npz");
}

TEST(Medmnist, LeaksAreToldByTheSourcesParts) {
  const TemporaryFolder folder;
  DataSpec spec = spec_of(SourceKind::medmnist, folder.path() / "x.npz");
  spec.image_size = 4;
  spec.split = {.train = "train", .validation = "val", .test = "test"};
  test::write_zip(spec.path, with("test_images.npy", npy_bytes("|u1", "(4, 4, 4)", counting(64))));
  const Dataset dataset = load_dataset(spec, 1, 1);
  EXPECT_EQ(dataset.leaked.example, "the source's test[0] (in test here) is the source's train[0] (in train here)");
}

void write_idx(const TemporaryFolder& folder, bool zipped) {
  for (const auto& [stem, count] : {std::pair<std::string, std::uint32_t>{"train", 4}, {"t10k", 2}}) {
    const std::string images = idx_bytes({count, 3, 5}, counting(count * std::size_t{15})),
                      labels = idx_bytes({count}, std::string("\0\1\0\1", 4).substr(0, count));
    folder.write(stem + "-images-idx3-ubyte" + (zipped ? ".gz" : ""), zipped ? test::gzipped(images) : images);
    folder.write(stem + "-labels-idx1-ubyte" + (zipped ? ".gz" : ""), zipped ? test::gzipped(labels) : labels);
  }
}

TEST(Packed, PixelsAreInMemoryOnce) {
  const TemporaryFolder folder;
  DataSpec spec = spec_of(SourceKind::medmnist, folder.path() / "x.npz");
  test::write_zip(spec.path, medmnist_members(4, false));
  spec.image_size = 40;
  spec.split = {.train = "train", .validation = "val", .test = "test"};
  std::shared_ptr<const Source> source = open_source(spec, 0);
  const std::weak_ptr<const Source> whole = source;
  const std::vector<Sample> samples = source->samples();
  const Dataset dataset = load_dataset(spec, std::move(source), 0, 1);
  ASSERT_EQ(dataset.images.size(), samples.size());
  EXPECT_TRUE(whole.expired());
  ASSERT_EQ(dataset.source->samples().size(), samples.size());
  EXPECT_EQ(dataset.source->samples()[4].name, samples[4].name);
  EXPECT_EQ(dataset.label(3), samples[3].label);
  EXPECT_THAT(error_of([&] { dataset.source->decode(4); }), HasSubstr("decoded already"));
  spec.memory = 4000;  // the file's pixels fit, those that are wanted do not
  EXPECT_TRUE(load_dataset(spec, 0, 1).source->holds_pixels());
}

TEST(Idx, PlainAndGzipped) {
  for (const bool zipped : {false, true}) {
    const TemporaryFolder folder;
    write_idx(folder, zipped);
    const auto source = open_source(spec_of(SourceKind::idx, folder.path()), 0);
    ASSERT_EQ(source->samples().size(), 6u);
    EXPECT_EQ(source->samples()[4].part, "test");
    EXPECT_EQ(source->samples()[3].label, 1);
    const Image image = source->decode(1);
    EXPECT_EQ(image.height, 3);
    EXPECT_EQ(image.width, 5);
    EXPECT_EQ(image.pixels[0], 15);
  }
}

// The last 8 bytes of a gzip file are the checksum and the length of what it holds.
TEST(Idx, AGzipFileWithoutItsWholeTrailerIsRefused) {
  const std::string whole = test::gzipped(idx_bytes({4, 3, 5}, counting(60)));
  for (std::size_t missing = 0; missing <= 8; ++missing) {
    const TemporaryFolder folder;
    write_idx(folder, true);
    folder.write("train-images-idx3-ubyte.gz", whole.substr(0, whole.size() - missing));
    const std::string told = error_of([&] { open_source(spec_of(SourceKind::idx, folder.path()), 0); });
    EXPECT_THAT(told, HasSubstr(missing == 0 ? "no error" : "its checksum is missing")) << missing;
  }
}

// Of this process, in KiB.
std::size_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6));
  return 0;
}

// The peak is what there is now; returned too.
std::size_t forget_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
  return peak_memory();
}

// What the header claims against what is there, before anything is unpacked; and what unpacks to more than it claims.
TEST(Idx, ABombIsRefusedBeforeItIsUnpacked) {
  const auto fault = [](const std::string& images, std::uint32_t count, std::uint64_t memory = 1 << 30) {
    const TemporaryFolder folder;
    folder.write("train-images-idx3-ubyte.gz", test::gzipped(images));
    folder.write("train-labels-idx1-ubyte", idx_bytes({count}, std::string(count, '\0')));
    DataSpec spec = spec_of(SourceKind::idx, folder.path());
    spec.memory = memory;
    const std::size_t before = forget_peak();
    std::string told = error_of([&] { open_source(spec, 0); });
    EXPECT_LT(peak_memory(), before + (16 << 10)) << "KiB";
    return told;
  };
  const std::string zeros(64 << 20, '\0');
  EXPECT_THAT(fault(idx_bytes({16384, 64, 64}, zeros), 16384), HasSubstr("unpacks to more than 1000 times its size"));
  EXPECT_THAT(fault(idx_bytes({2, 64, 64}, zeros), 2), HasSubstr("longer than its header declares"));
  EXPECT_THAT(fault(idx_bytes({16384, 64, 64}, counting(100)), 16384), HasSubstr("more than 1000 times"));
  EXPECT_THAT(fault(idx_bytes({100'000, 1, 1}, counting(100'000)), 100'000, 1'000'000), HasSubstr("data.memory allows"))
      << "names and labels take more than such pixels";
}

TEST(PackedSources, LinksThatLeadNowhereAreTold) {
  const std::pair<SourceKind, const char*> cases[] = {{SourceKind::cifar, "data_batch_1.bin"},
                                                      {SourceKind::cifar, "cifar-10-batches-bin"},
                                                      {SourceKind::idx, "train-images-idx3-ubyte"}};
  for (const auto& [kind, name] : cases) {
    const TemporaryFolder folder;
    fs::create_symlink(name, folder.path() / name);
    EXPECT_THAT(error_of([&, kind = kind] { open_source(spec_of(kind, folder.path()), 0); }),
                testing::AllOf(HasSubstr(name), HasSubstr("Too many levels of symbolic links")));
  }
  const TemporaryFolder folder;
  fs::create_symlink("x.npz", folder.path() / "x.npz");
  DataSpec itself = spec_of(SourceKind::medmnist, folder.path() / "x.npz");
  itself.sample = "histology";  // is for data that are not there
  EXPECT_THAT(error_of([&] { open_source(itself, 0); }), HasSubstr("no data at"));
  fs::create_symlink("none", folder.path() / "data_batch_2.bin");
  folder.write("data_batch_1.bin", std::string(3073, '\0'));
  EXPECT_THAT(error_of([&] { open_source(spec_of(SourceKind::cifar, folder.path()), 0); }),
              HasSubstr("data_batch_2.bin:0: a symbolic link whose target does not exist"));
}

// As EMNIST's letters are.
TEST(Idx, LabelsFromOneAreToldOrTaken) {
  const TemporaryFolder folder;
  folder.write("train-images-idx3-ubyte", idx_bytes({4, 3, 5}, counting(60)));
  folder.write("train-labels-idx1-ubyte", idx_bytes({4}, "\1\2\3\1"));
  DataSpec spec = spec_of(SourceKind::idx, folder.path());
  EXPECT_THAT(error_of([&] { open_source(spec, 0); }), HasSubstr("has the label 0: the labels are 1 to 3"));
  spec.classes = 3;
  const auto source = open_source(spec, 0);
  EXPECT_THAT(source->classes(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(source->samples()[2].label, 2);
  EXPECT_THAT(source->warnings().at(0).message, HasSubstr("the labels are counted from 1"));
}

TEST(Idx, WhatIsRefused) {
  const auto fault = [](const std::string& images, const std::string& labels, std::uint64_t memory = 1 << 30) {
    const TemporaryFolder folder;
    folder.write("train-images-idx3-ubyte", images);
    folder.write("train-labels-idx1-ubyte", labels);
    DataSpec spec = spec_of(SourceKind::idx, folder.path());
    spec.memory = memory;
    return error_of([&] { open_source(spec, 0); });
  };
  const std::string labels = idx_bytes({2}, std::string("\0\1", 2));
  EXPECT_EQ(fault(idx_bytes({2, 2, 2}, counting(8)), labels), "no error");
  EXPECT_THAT(fault(idx_bytes({2, 2, 2}, counting(7)), labels), HasSubstr("ends early"));
  EXPECT_THAT(fault(idx_bytes({2, 2, 2}, counting(9)), labels), HasSubstr("longer than its header declares"));
  EXPECT_THAT(fault(idx_bytes({3, 2, 2}, counting(12)), labels), HasSubstr("2 labels for 3 images"));
  EXPECT_THAT(fault(idx_bytes({2, 0, 2}, ""), labels), HasSubstr("size out of range"));
  EXPECT_THAT(fault(idx_bytes({2, 4}, counting(8)), labels), HasSubstr("not an IDX file"));
  EXPECT_THAT(fault("", labels), HasSubstr("ends early"));
  EXPECT_THAT(fault(idx_bytes({2, 20000, 20000}, ""), labels), HasSubstr("ends early"));
  EXPECT_THAT(fault(idx_bytes({2, 20000, 20000}, ""), labels, 1000), HasSubstr("data.memory allows"));
  EXPECT_THAT(fault(test::gzipped(idx_bytes({2, 2, 2}, counting(8))).substr(0, 20), labels),
              HasSubstr("train-images-idx3-ubyte"));
  const TemporaryFolder empty;
  EXPECT_THAT(error_of([&] { open_source(spec_of(SourceKind::idx, empty.path()), 0); }),
              HasSubstr("no train-images-idx3-ubyte"));
}

std::string cifar_records(int count, int labels, int classes) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    for (int k = 0; k < labels; ++k) out += static_cast<char>(i % classes);
    out += counting(3072, i);
  }
  return out;
}

TEST(Cifar, TenAndHundred) {
  const TemporaryFolder ten;
  ten.write("cifar-10-batches-bin/data_batch_1.bin", cifar_records(20, 1, 10));
  for (const char* name : {"data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"})
    ten.write(std::string("cifar-10-batches-bin/") + name, cifar_records(10, 1, 10));
  ten.write("cifar-10-batches-bin/test_batch.bin", cifar_records(10, 1, 10));
  ten.write("cifar-10-batches-bin/batches.meta.txt",
            "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
  const auto source = open_source(spec_of(SourceKind::cifar, ten.path()), 0);
  EXPECT_EQ(source->classes()[9], "truck");
  ASSERT_EQ(source->samples().size(), 70u);
  EXPECT_EQ(source->samples()[59].part, "train");
  EXPECT_EQ(source->samples()[60].part, "test");
  const Image image = source->decode(0);
  EXPECT_EQ(image.pixels[0], 0);           // red, first plane
  EXPECT_EQ(image.pixels[1], 1024 % 251);  // green, second plane
  EXPECT_EQ(image.pixels[2], 2048 % 251);
  EXPECT_EQ(image.pixels[3], 1);

  const TemporaryFolder hundred;
  hundred.write("train.bin", cifar_records(100, 2, 100));
  hundred.write("test.bin", cifar_records(100, 2, 100));
  EXPECT_EQ(open_source(spec_of(SourceKind::cifar, hundred.path()), 0)->classes().size(), 100u);
}

TEST(Cifar, AMissingBatchIsNamed) {
  const TemporaryFolder folder;
  for (const char* name : {"data_batch_1.bin", "data_batch_3.bin", "data_batch_4.bin", "test_batch.bin"})
    folder.write(name, cifar_records(10, 1, 10));
  const auto told = [&] { return error_of([&] { open_source(spec_of(SourceKind::cifar, folder.path()), 0); }); };
  EXPECT_THAT(told(), HasSubstr("data_batch_2.bin, data_batch_5.bin are missing: the part train is in 5 files, of "
                                "which 3 are there"));
  folder.write("data_batch_2.bin", cifar_records(10, 1, 10));
  EXPECT_THAT(told(), HasSubstr("data_batch_5.bin is missing"));
  folder.write("data_batch_5.bin", cifar_records(10, 1, 10));
  EXPECT_EQ(told(), "no error");
}

TEST(Cifar, WhatIsRefused) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { open_source(spec_of(SourceKind::cifar, folder.path()), 0); }),
              HasSubstr("no data_batch_1.bin"));
  for (const char* name : {"data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"})
    folder.write(name, cifar_records(10, 1, 10));
  folder.write("data_batch_1.bin", cifar_records(10, 1, 10) + "x");
  EXPECT_THAT(error_of([&] { open_source(spec_of(SourceKind::cifar, folder.path()), 0); }),
              HasSubstr("not a whole number of records"));
  folder.write("data_batch_1.bin", cifar_records(12, 1, 12));
  EXPECT_THAT(error_of([&] { open_source(spec_of(SourceKind::cifar, folder.path()), 0); }),
              HasSubstr("label 10 of record 10 is out of range"));
}

}  // namespace
}  // namespace rxrun
