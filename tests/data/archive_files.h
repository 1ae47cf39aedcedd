// npy arrays, npz archives and gzipped files, made in the test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace rxrun::test {

// An .npy file with this header dictionary and these elements.
std::string npy_bytes(const std::string& type, const std::string& shape, const std::string& elements,
                      bool fortran = false, int version = 1);

struct Member {
  std::string name, bytes;
  std::string password;  // encrypted when not empty
};
void write_zip(const std::filesystem::path& path, const std::vector<Member>& members);

// A MedMNIST archive with `count` images of 4×4 a part and two classes in turn.
std::vector<Member> medmnist_members(int count, bool colour);

std::string gzipped(const std::string& bytes);
std::string idx_bytes(const std::vector<std::uint32_t>& shape, const std::string& elements);

// Bytes 0, 1, 2 ... (modulo 251).
std::string counting(std::size_t size, int start = 0);

}  // namespace rxrun::test
