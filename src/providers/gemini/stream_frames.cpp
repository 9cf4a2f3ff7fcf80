#include "stream_frames.hpp"

#include <spidergate/json/reader.hpp>

#include <utility>

namespace spidergate::providers::gemini {

namespace {

json::reader& stream_reader() {
  thread_local json::reader reader;
  return reader;
}

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

void stream_frames::feed(std::string_view bytes) {
  if (form_ == form::unknown) {
    // What the stream is shows in its first byte.
    const auto first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (first == std::string_view::npos) return;
    if (bytes[first] == '<') failure_ = "The provider answered with a page of HTML in place of a stream.";
    form_ = bytes[first] == '[' || bytes[first] == '{' ? form::objects : form::events;
    if (form_ == form::objects) bytes.remove_prefix(first);
  }
  if (form_ == form::events) {
    events_.feed(bytes);
  } else {
    objects_.feed(bytes);
  }
}

stream_frames::step stream_frames::fail(std::string message) {
  failure_ = std::move(message);
  return step::failed;
}

stream_frames::step stream_frames::next() {
  if (!failure_.empty()) return step::failed;
  while (form_ == form::events) {
    sse_event event;
    const auto found = events_.next(event);
    if (found == sse_framer::step::more) return step::more;
    if (found == sse_framer::step::oversize) return fail("An event of the provider's stream is larger than 1 MiB.");
    if (!blank(event.data)) return read(event.data);
  }
  if (form_ == form::unknown) return step::more;
  std::string_view object;
  switch (objects_.next(object)) {
    case object_framer::step::object:
      return read(object);
    case object_framer::step::more:
      return step::more;
    case object_framer::step::oversize:
      return fail("An object of the provider's stream is larger than 1 MiB.");
    case object_framer::step::nonsense:
      break;
  }
  return fail("The provider's stream is neither events nor a list of objects.");
}

stream_frames::step stream_frames::finish() {
  sse_event event;
  if (!failure_.empty()) return step::failed;
  if (form_ != form::events || !events_.finish(event) || blank(event.data)) return step::more;
  const auto last = read(event.data);
  if (last != step::failed) return last;
  failure_.clear();
  return step::more;
}

stream_frames::step stream_frames::read(std::string_view text) {
  if (text == "[DONE]") return step::done;
  auto& reader = stream_reader();
  if (!reader.read(text, json::surrogates::any))
    return fail("An event of the provider's stream is not valid JSON: " + reader.failure().message + ".");
  const auto kind = reader.root().kind();
  if (kind != json::kind::object && kind != json::kind::array)
    return fail("An event of the provider's stream is JSON, but no object.");
  return step::answer;
}

json::value stream_frames::root() const noexcept {
  return stream_reader().root();
}

}  // namespace spidergate::providers::gemini
