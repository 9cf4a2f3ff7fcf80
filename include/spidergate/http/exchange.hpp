#pragma once
#include <spidergate/core/byte_class.hpp>
#include <spidergate/core/result.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/http/field_text.hpp>
#include <spidergate/http/request_head.hpp>
#include <spidergate/runtime/awaitable.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace spidergate::http {

/// The fields that the exchange itself writes; one of them that slips in from elsewhere would split the answer.
[[nodiscard]] constexpr bool is_framing_field(std::string_view name) noexcept {
  switch (name.size()) {
    case 4:
      return is_field_name(name, "date");
    case 10:
      return is_field_name(name, "connection");
    case 14:
      return is_field_name(name, "content-length");
    case 17:
      return is_field_name(name, "transfer-encoding");
    default:
      return false;
  }
}

/// The name of a response field as it stands in our source: checked by the compiler, once.
class field_name {
 public:
  template <std::size_t N>
  consteval field_name(const char (&name)[N]) : text_(name, N - 1) {
    if (text_.empty() || end_of(token_byte, text_, 0) != text_.size()) throw "not a field name";
    if (is_framing_field(text_)) throw "the exchange writes this field";
  }
  [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
};

/// Response header fields, ready to be written: names and values are checked while they are added, so nothing that we
/// answer can carry CR, LF, NUL or another control byte (replaced by a space in values, by '-' in names). The fields
/// that the exchange itself writes (Connection, Content-Length, Date, Transfer-Encoding) are dropped.
class header_block {
 public:
  void add(field_name name, std::string_view value) { end_with(begin(name.text(), value.size()), value); }
  void add(field_name name, std::int64_t value) { end_with(begin(name.text(), most_digits), value); }
  /// A value that cannot hold anything to be checked.
  template <std::size_t Capacity>
  void add(field_name name, const field_text<Capacity>& value) {
    const auto text = value.view();
    end_with_checked(begin(name.text(), text.size()), text);
  }
  /// A name that is not a literal, and so has to be checked each time.
  template <class Name>
    requires(std::convertible_to<Name, std::string_view> && !std::is_array_v<std::remove_reference_t<Name>>)
  void add(const Name& name, std::string_view value) {
    add_unchecked_name(name, value);
  }
  /// All the fields of another block, which checked them.
  void add(const header_block& others);

  /// "name: value\r\n" each. Valid until the next change.
  [[nodiscard]] std::string_view text() const noexcept { return {room_.data(), used_}; }
  void clear() noexcept { used_ = 0; }

 private:
  /// Writes the name where it belongs, with room for a value of `value_bytes` behind it, and returns where that begins.
  /// Names are literals nearly always: copied by a few instructions, as the compiler knows their length.
  char* begin(std::string_view name, std::size_t value_bytes) {
    const auto needed = name.size() + 2 + value_bytes + 2;
    if (needed > room_.size() - used_) make_room(needed);
    char* at = room_.data() + used_;
    std::memcpy(at, name.data(), name.size());
    std::memcpy(at + name.size(), ": ", 2);
    return at + name.size() + 2;
  }
  void end_with(char* at, std::string_view value);
  void end_with(char* at, std::int64_t value);
  void end_with_checked(char* at, std::string_view value);
  void make_room(std::size_t needed);
  void add_unchecked_name(std::string_view name, std::string_view value);

  std::string room_;  // of which the first `used_` bytes count
  std::size_t used_ = 0;
};

/// One request and its answer, on one connection. Lives on the connection's worker thread, for the duration of the
/// handler. Content-Length, Transfer-Encoding, Connection and Date are written by the exchange; everything else is the
/// handler's.
class exchange {
 public:
  virtual ~exchange() = default;

  [[nodiscard]] virtual const request_head& head() const noexcept = 0;

  /// The client's address; X-Forwarded-For is not looked at here.
  [[nodiscard]] virtual std::string_view peer_address() const noexcept = 0;
  /// True on the admin listener.
  [[nodiscard]] virtual bool on_admin_listener() const noexcept = 0;
  /// When the first byte of the head was read.
  [[nodiscard]] virtual steady_time started() const noexcept = 0;

  /// The whole body, sized or chunked; sends "100 Continue" first where the client waits for it. The bytes are writable
  /// by nobody else, stay valid until the answer is complete, and are followed by at least 64 readable bytes (what
  /// simdjson needs). Fails with http::errc: body_too_large, bad_chunk, timed_out, client_gone. After a failure only
  /// respond() is allowed, and the connection closes.
  virtual awaitable<result<std::string_view>> read_body() = 0;

  /// Gives the body's memory back before the answer is complete, for answers that last. What read_body() returned must
  /// not be used again.
  virtual void release_body() noexcept {}

  /// From now on `on_gone` is called (at most once, on this thread) when the client closes its connection before the
  /// answer is complete.
  virtual void watch_client(std::function<void()> on_gone) = 0;

  /// Answers with one complete message in one write; `body` is omitted for HEAD but its length is stated. 204 and 304
  /// carry none.
  virtual awaitable<result<void>> respond(int status, const header_block& headers,
                                          std::span<const std::string_view> body) = 0;

  /// Begins an answer whose length is not known: chunked towards HTTP/1.1, until close towards HTTP/1.0. The head is
  /// sent together with the first write().
  virtual void begin_stream(int status, const header_block& headers) = 0;
  /// Sends bytes of the stream at once. Completion means the socket took them: awaiting it is the back-pressure.
  virtual awaitable<result<void>> write(std::string_view bytes) = 0;
  /// Sends `last` (may be empty) and ends the stream in the same write.
  virtual awaitable<result<void>> finish(std::string_view last) = 0;
  /// Ends a failed stream: sends `last` (the frame that says what went wrong), ends the body and closes the connection.
  /// The framing is ended well on purpose: readers that raise on a torn body would throw the explanation away.
  virtual awaitable<result<void>> abort(std::string_view last) = 0;
  /// Ends a failed stream to which nothing may be added (sound): the connection closes without the body's end, so that
  /// no reader takes what it has for the whole. Where closing is the body's end (HTTP/1.0), it is reset.
  virtual void break_off() noexcept = 0;

  /// True once any byte of the answer has been handed to the socket.
  [[nodiscard]] virtual bool answer_begun() const noexcept = 0;
};

/// Answers requests. One handler object serves all connections of a worker.
class handler {
 public:
  virtual ~handler() = default;

  /// Must answer exactly once. If it returns without an answer the connection is closed; that is a bug.
  virtual awaitable<void> handle(exchange& x) = 0;

  /// The body of an answer that the connection itself gives, before any handler: a refused head, an overload.
  /// Writes the JSON body into `body` and may add headers.
  virtual void describe_refusal(int status, std::string_view message, std::string& body, header_block& headers) = 0;
};

}  // namespace spidergate::http
