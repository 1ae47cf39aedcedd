#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <limits>
#include <span>

#include "diagnostics/diagnostic.h"
#include "files/descriptor.h"
#include "files/files.h"

namespace rxrun {
namespace {

EVP_MD_CTX* context_of(void* context) { return static_cast<EVP_MD_CTX*>(context); }

void check(bool done) {
  if (!done) throw Error(Failure::run, "libcrypto cannot compute SHA-256");
}

std::string in_hex(std::span<const unsigned char> bytes) {
  std::string out;
  for (const unsigned char byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  const bool done = context_ != nullptr && EVP_DigestInit_ex(context_of(context_), EVP_sha256(), nullptr) == 1;
  if (!done) EVP_MD_CTX_free(context_of(context_));
  check(done);
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_of(context_)); }

void Sha256::update(const void* data, std::size_t size) {
  check(EVP_DigestUpdate(context_of(context_), data, size) == 1);
}

std::string Sha256::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  check(EVP_DigestFinal_ex(context_of(context_), digest, &size) == 1);
  return in_hex({digest, size});
}

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  check(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest, &size) != nullptr);
  return in_hex({digest, size});
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

std::string sha256_of_file(const std::filesystem::path& path) {
  Sha256 hash;
  for_each_block(path, std::numeric_limits<std::uint64_t>::max(), [&](std::string_view block) { hash.update(block); });
  return hash.hex();
}

}  // namespace rxrun
