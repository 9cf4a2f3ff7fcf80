#include "codec.hpp"

#include <boost/system/errc.hpp>

#include <array>
#include <charconv>
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

/// What hiredis calls while it reads: it builds our reply in place. hiredis wants an object per element; the builder
/// itself stands for all of them.
struct reply_decoder::builder {
  reply current;
  bool malformed = false;

  static builder& of(const redisReadTask* task) { return *static_cast<builder*>(task->privdata); }

  void* put(const redisReadTask* task, reply::kind what, std::int64_t number, std::string_view text) {
    if (task->parent == nullptr) {
      current = {};
      current.what = what;
      current.text = text;
      if (what == reply::kind::integer) current.numbers.push_back(number);
    } else if (what == reply::kind::integer || what == reply::kind::nil) {
      current.numbers.push_back(number);
    } else {
      malformed = true;  // a list of anything but numbers is no answer of our scripts
    }
    return this;
  }

  static void* on_string(const redisReadTask* task, char* text, std::size_t size) {
    const auto what = task->type == REDIS_REPLY_ERROR ? reply::kind::error : reply::kind::text;
    return of(task).put(task, what, 0, {text, size});
  }
  static void* on_integer(const redisReadTask* task, long long number) {
    return of(task).put(task, reply::kind::integer, number, {});
  }
  static void* on_nil(const redisReadTask* task) { return of(task).put(task, reply::kind::nil, 0, {}); }
  static void* on_list(const redisReadTask* task, int size) {
    auto& self = of(task);
    // Null makes the reader give up, before it waits for elements that never end.
    if (task->parent != nullptr || size < 0 || static_cast<std::size_t>(size) > max_list_items) return nullptr;
    self.current = {};
    self.current.what = reply::kind::list;
    return &self;
  }
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
  if (redisReaderGetReply(reader_.get(), &whole) != REDIS_OK || builder_->malformed) {
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
  append_word_of(to, {word});
}

void append_word_of(std::string& to, std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  to += '$';
  append_number(to, static_cast<std::int64_t>(size));
  to += "\r\n";
  for (const auto part : parts) to += part;
  to += "\r\n";
}

void append_word(std::string& to, std::int64_t number) {
  std::array<char, 24> text{};
  const auto* end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  append_word(to, std::string_view(text.data(), static_cast<std::size_t>(end - text.data())));
}

}  // namespace spidergate::kv::redis
