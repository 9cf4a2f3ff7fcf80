#include "codec.hpp"

#include <boost/system/errc.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <hiredis/read.h>
#include <new>
#include <utility>

namespace spidergate::kv::redis {

namespace {

error_code failed(boost::system::errc::errc_t why) {
  return boost::system::errc::make_error_code(why);
}

void append_number(std::string& to, std::int64_t number) {
  std::array<char, 24> text{};
  to.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr);
}

}  // namespace

/// What hiredis calls while it reads: it builds our reply in place, and stands itself for the object that hiredis
/// wants.
struct reply_decoder::builder {
  reply current;

  void* put(const redisReadTask* task, reply::kind what, std::int64_t number, std::string_view text) {
    if (task->parent != nullptr) return nullptr;
    current.what = what;
    current.number = number;
    current.text = text;
    return this;
  }

  static builder& of(const redisReadTask* task) { return *static_cast<builder*>(task->privdata); }
  static void* on_string(const redisReadTask* task, char* text, std::size_t size) {
    const auto what = task->type == REDIS_REPLY_ERROR ? reply::kind::error : reply::kind::text;
    return of(task).put(task, what, 0, {text, size});
  }
  static void* on_integer(const redisReadTask* task, long long number) {
    return of(task).put(task, reply::kind::integer, number, {});
  }
  static void* on_nil(const redisReadTask* task) { return of(task).put(task, reply::kind::nil, 0, {}); }
  /// Null makes the reader give up, before it waits for elements that never end.
  static void* on_list(const redisReadTask*, int) { return nullptr; }
  static void on_free(void*) {}
};

void reply_decoder::reader_deleter::operator()(redisReader* reader) const noexcept {
  redisReaderFree(reader);
}

reply_decoder::reply_decoder() : builder_(std::make_unique<builder>()) {
  static redisReplyObjectFunctions calls{builder::on_string, builder::on_list, builder::on_integer, builder::on_nil,
                                         builder::on_free};
  reader_.reset(redisReaderCreateWithFunctions(&calls));
  if (!reader_) throw std::bad_alloc();
  reader_->privdata = builder_.get();
}

reply_decoder::~reply_decoder() = default;

result<void> reply_decoder::feed(std::string_view bytes) {
  unfinished_bytes_ += bytes.size();
  if (unfinished_bytes_ > max_reply_bytes) return failed(boost::system::errc::message_size);
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
    return failed(boost::system::errc::bad_message);
  }
  return {};
}

result<std::optional<reply>> reply_decoder::next() {
  void* whole = nullptr;
  if (redisReaderGetReply(reader_.get(), &whole) != REDIS_OK) {
    return failed(boost::system::errc::bad_message);
  }
  if (whole == nullptr) return std::optional<reply>();
  unfinished_bytes_ = reader_->len - reader_->pos;
  return std::optional<reply>(std::exchange(builder_->current, {}));
}

void append_head(std::string& to, std::size_t words) {
  to += '*';
  append_number(to, static_cast<std::int64_t>(words));
  to += "\r\n";
}

void append_word(std::string& to, std::string_view word) {
  to += '$';
  append_number(to, static_cast<std::int64_t>(word.size()));
  to += "\r\n";
  to += word;
  to += "\r\n";
}

namespace {

constexpr std::int64_t most_exact = std::int64_t{1} << 53;

double unpack_number(const char* at) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, at, sizeof bits);
  if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
  return std::bit_cast<double>(bits);
}

}  // namespace

char* pack_number(char* at, std::int64_t number) noexcept {
  auto bits = std::bit_cast<std::uint64_t>(static_cast<double>(std::clamp(number, -most_exact, most_exact)));
  if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
  std::memcpy(at, &bits, sizeof bits);
  return at + sizeof bits;
}

std::optional<packed_numbers> packed_numbers::in(const reply& answer) noexcept {
  if (answer.what != reply::kind::text || answer.text.size() % packed_number_bytes != 0) return std::nullopt;
  for (std::size_t at = 0; at < answer.text.size(); at += packed_number_bytes) {
    // What is not a number is not less than anything either.
    if (!(std::abs(unpack_number(answer.text.data() + at)) < 0x1p62)) return std::nullopt;
  }
  return packed_numbers(answer.text);
}

std::int64_t packed_numbers::operator[](std::size_t index) const noexcept {
  return static_cast<std::int64_t>(unpack_number(bytes_.data() + index * packed_number_bytes));
}

}  // namespace spidergate::kv::redis
