#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>

namespace spidergate::http {

/// Bytes that arrive, with room for more. Memory comes uninitialised and grows in place where the allocator can; behind
/// the last byte there are always `padding` readable ones, which simdjson wants. Growing moves the bytes: views die.
class byte_buffer {
 public:
  static constexpr std::size_t padding = 64;

  [[nodiscard]] const char* data() const noexcept { return bytes_.get(); }
  [[nodiscard]] char* data() noexcept { return bytes_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.get(), size_}; }

  /// Where the next bytes go; commit() says how many came.
  [[nodiscard]] std::span<char> space() noexcept { return {bytes_.get() + size_, capacity_ - size_}; }
  void commit(std::size_t count) noexcept { size_ += count; }

  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    auto* grown = static_cast<char*>(std::realloc(bytes_.get(), capacity + padding));
    if (grown == nullptr) throw std::bad_alloc();
    static_cast<void>(bytes_.release());
    bytes_.reset(grown);
    std::memset(grown + capacity, 0, padding);
    capacity_ = capacity;
  }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    reserve(size_ + bytes.size());
    std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  /// Drops the first `count` bytes by moving the rest to the front.
  void drop_front(std::size_t count) noexcept {
    size_ -= count;
    if (size_ > 0) std::memmove(bytes_.get(), bytes_.get() + count, size_);
  }
  void truncate(std::size_t size) noexcept { size_ = size; }

  /// Empties it; memory beyond `keep` goes back.
  void clear(std::size_t keep) noexcept {
    size_ = 0;
    if (capacity_ <= keep) return;
    bytes_.reset();
    capacity_ = 0;
  }

 private:
  struct release {
    void operator()(char* bytes) const noexcept { std::free(bytes); }
  };
  std::unique_ptr<char, release> bytes_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace spidergate::http
