#pragma once
#include <spidergate/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct redisReader;

/// Redis's protocol as pure functions: words in and bytes out, bytes in and replies out.
namespace spidergate::kv::redis {

/// One answer. Our scripts answer a string of packed numbers.
struct reply {
  enum class kind : std::uint8_t {
    nil,      ///< nothing
    integer,  ///< one number
    text,     ///< a status or a string
    error,    ///< the server's refusal: a word in capitals, then a sentence
  };
  kind what = kind::nil;
  std::int64_t number = 0;
  std::string text;

  [[nodiscard]] bool refused_with(std::string_view word) const noexcept {
    return what == kind::error && text.starts_with(word);
  }
};

/// Takes bytes as they come and gives whole replies. What it holds is bounded: a server that sends more than any
/// answer of ours needs is malformed, and so is one that answers a list. After an error the connection is of no use.
/// Not thread-safe.
class reply_decoder {
 public:
  static constexpr std::size_t max_reply_bytes = 256 * 1024;

  reply_decoder();
  ~reply_decoder();
  reply_decoder(const reply_decoder&) = delete;
  reply_decoder& operator=(const reply_decoder&) = delete;

  /// Fails with errc::message_size when an unfinished reply is too large.
  [[nodiscard]] result<void> feed(std::string_view bytes);
  /// The next whole reply, if there is one. Fails with errc::bad_message.
  [[nodiscard]] result<std::optional<reply>> next();

 private:
  struct builder;
  struct reader_deleter {
    void operator()(redisReader* reader) const noexcept;
  };
  std::unique_ptr<builder> builder_;
  std::unique_ptr<redisReader, reader_deleter> reader_;
  std::size_t unfinished_bytes_ = 0;
};

/// Appends the head of a command of that many words, and one word of it.
void append_head(std::string& to, std::size_t words);
void append_word(std::string& to, std::string_view word);

/// Numbers as our scripts take and give them: see scripts.hpp. Those beyond 2^53 either way are cut to that, which is
/// how far doubles count: about nine million dollars in nano-dollars.
inline constexpr std::size_t packed_number_bytes = 8;
char* pack_number(char* at, std::int64_t number) noexcept;

/// Numbers that were packed into an answer; a view of its text.
class packed_numbers {
 public:
  /// Nothing when the answer is none of packed numbers.
  [[nodiscard]] static std::optional<packed_numbers> in(const reply& answer) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size() / packed_number_bytes; }
  [[nodiscard]] std::int64_t operator[](std::size_t index) const noexcept;

 private:
  explicit packed_numbers(std::string_view bytes) noexcept : bytes_(bytes) {}

  std::string_view bytes_;
};

}  // namespace spidergate::kv::redis
