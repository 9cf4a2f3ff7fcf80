#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace spidergate {

/// Text that must not reach a log, an error or a file: a token, a provider key, a master key.
/// It has no stream operator and no implicit conversion; `reveal()` is the one way in, and easy to grep for.
/// The memory is overwritten on destruction, assignment and move. Not thread-safe, like std::string.
class secret_string {
 public:
  secret_string() = default;
  explicit secret_string(std::string_view text);
  secret_string(const secret_string& other);
  secret_string(secret_string&& other) noexcept;
  secret_string& operator=(const secret_string& other);
  secret_string& operator=(secret_string&& other) noexcept;
  ~secret_string();

  /// The plain text; valid while this object lives unchanged.
  [[nodiscard]] std::string_view reveal() const noexcept { return {data_, size_}; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  void wipe() noexcept;

  char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Equality whose duration does not depend on where the texts differ.
[[nodiscard]] bool equal_constant_time(std::string_view left, std::string_view right) noexcept;

}  // namespace spidergate
