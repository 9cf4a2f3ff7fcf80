#pragma once
#include <spidergate/core/result.hpp>

#include <boost/container/small_vector.hpp>

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

/// One answer. Our scripts answer integers or a flat list of them.
struct reply {
  enum class kind : std::uint8_t {
    nil,      ///< nothing
    integer,  ///< one number
    text,     ///< a status or a string
    error,    ///< the server's refusal: a word in capitals, then a sentence
    list,     ///< numbers
  };
  kind what = kind::nil;
  std::string text;
  boost::container::small_vector<std::int64_t, 32> numbers;

  [[nodiscard]] bool refused_with(std::string_view word) const noexcept {
    return what == kind::error && text.starts_with(word);
  }
};

/// Takes bytes as they come and gives whole replies. What it holds is bounded: a server that sends more than any
/// answer of ours needs is malformed. After an error the connection is of no use. Not thread-safe.
class reply_decoder {
 public:
  static constexpr std::size_t max_reply_bytes = 256 * 1024;
  static constexpr std::size_t max_list_items = 16 * 1024;

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
void append_word(std::string& to, std::int64_t number);
/// One word made of several parts.
void append_word_of(std::string& to, std::initializer_list<std::string_view> parts);

}  // namespace spidergate::kv::redis
