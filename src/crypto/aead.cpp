#include "gcm.hpp"
#include "plain_room.hpp"

#include <spidergate/crypto/aead.hpp>

#include <stdexcept>

namespace spidergate::crypto {
namespace {

/// This thread's cipher under that key, which is overwritten before the call returns.
class keyed_for_one_call {
 public:
  explicit keyed_for_one_call(std::string_view key) {
    if (key.size() != key_bytes) throw std::invalid_argument("a key of AES-256 has 32 bytes");
    cipher_.use_key(key);
  }
  ~keyed_for_one_call() { cipher_.forget_key(); }
  keyed_for_one_call(const keyed_for_one_call&) = delete;
  keyed_for_one_call& operator=(const keyed_for_one_call&) = delete;

  gcm* operator->() noexcept { return &cipher_; }

 private:
  static gcm& of_this_thread() {
    thread_local gcm mine;
    return mine;
  }
  gcm& cipher_ = of_this_thread();
};

}  // namespace

std::string seal(random_source& random, std::string_view key, std::string_view plain, std::string_view associated) {
  keyed_for_one_call cipher(key);
  std::string sealed(nonce_bytes + plain.size() + tag_bytes, '\0');
  random.fill({reinterpret_cast<unsigned char*>(sealed.data()), nonce_bytes});
  cipher->encrypt(plain, associated, sealed);
  return sealed;
}

std::optional<secret_string> open(std::string_view key, std::string_view sealed, std::string_view associated) {
  keyed_for_one_call cipher(key);
  const auto parts = parts_of(sealed);
  if (!parts) return std::nullopt;
  plain_room plain(parts->body.size());
  const auto out = plain.bytes();
  if (!cipher->decrypt(*parts, associated, out)) return std::nullopt;
  return secret_string({out.data(), out.size()});
}

}  // namespace spidergate::crypto
