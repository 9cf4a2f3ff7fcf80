#include <spidergate/core/secret_string.hpp>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace spidergate {

secret_string::secret_string(std::string_view text) {
  if (text.empty()) return;
  data_ = static_cast<char*>(::operator new(text.size()));
  size_ = text.size();
  std::copy(text.begin(), text.end(), data_);
}

secret_string::secret_string(const secret_string& other) : secret_string(other.reveal()) {}

secret_string::secret_string(secret_string&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

secret_string& secret_string::operator=(const secret_string& other) {
  if (this != &other) *this = secret_string(other);
  return *this;
}

secret_string& secret_string::operator=(secret_string&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

secret_string::~secret_string() {
  wipe();
}

void secret_string::wipe() noexcept {
  if (data_ == nullptr) return;
  explicit_bzero(data_, size_);
  ::operator delete(data_, size_);  // with its size, which is the quicker way
  data_ = nullptr;
  size_ = 0;
}

bool equal_constant_time(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  // Volatile keeps the compiler from leaving the loop early.
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (left[i] ^ right[i]));
  }
  return difference == 0;
}

}  // namespace spidergate
