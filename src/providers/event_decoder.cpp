#include "event_decoder.hpp"

#include "error_reading.hpp"
#include "openai/openai_dialect.hpp"

#include <utility>

namespace spidergate::providers {

std::string_view trimmed(std::string_view data) noexcept {
  const auto first = data.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return data.substr(first, data.find_last_not_of(" \t\n") - first + 1);
}

bool event_decoder::feed(std::string_view bytes, std::string& out) {
  if (failed_) return false;
  if (over()) return true;
  if (!sniff(bytes)) return false;
  framer_.feed(bytes);
  sse_event event;
  while (!over()) {
    take_repeated(out);
    const auto ahead = framer_.ahead();
    const bool clean = framer_.between_events();
    if (clean && ahead.empty()) return true;
    switch (framer_.next(event)) {
      case sse_framer::step::more:
        return true;
      case sse_framer::step::oversize:
        return fail("An event of the provider's stream is larger than 1 MiB.");
      case sse_framer::step::event:
        if (!read(event, ahead, clean, out)) return false;
    }
  }
  return true;
}

void event_decoder::take_repeated(std::string& out) {
  while (framer_.between_events()) {
    const auto event = pattern_.take(framer_.ahead(), out);
    if (event.size == 0) return;
    framer_.skip(event.size);
    on_text(event.text, event.escaped, out);
  }
}

/// An event that `ahead` began with when the framer was `clean`, between two events.
bool event_decoder::read(const sse_event& event, std::string_view ahead, bool clean, std::string& out) {
  const auto begin = out.size();
  pattern_.forget();
  text_ = {};
  if (!on_event(event, out)) return false;
  const auto bytes = ahead.substr(0, ahead.size() - framer_.ahead().size());
  const auto within = [bytes](std::string_view part) {
    return part.data() >= bytes.data() && part.data() + part.size() <= bytes.data() + bytes.size();
  };
  // Data that was put together from pieces is no part of what came.
  if (clean && text_.bytes.data() != nullptr && bytes.ends_with('\n') && within(text_.bytes))
    pattern_.learn(bytes, std::string_view(out).substr(begin), text_, noise_);
  return true;
}

bool event_decoder::end(std::string& out) {
  sse_event event;
  if (!failed_ && !over() && framer_.finish(event)) {
    // What is left may be half an event, which is no fault but the sign of a cut.
    const auto data = trimmed(event.data);
    const bool whole = data == "[DONE]" || openai::thread_reader().read(data, json::surrogates::any);
    if (whole && !on_event(event, out)) return false;
  }
  return !failed_ && on_end(out);
}

bool event_decoder::fail(std::string message) {
  failed_ = true;
  set_error(not_an_answer(std::move(message)));
  return false;
}

bool event_decoder::fail_to_read(std::string_view fault) {
  return fail("An event of the provider's stream is not valid JSON: " + std::string(fault) + ".");
}

bool event_decoder::sniff(std::string_view bytes) {
  if (sniffed_) return true;
  const auto first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string_view::npos) return true;
  sniffed_ = true;
  if (bytes[first] == '<') return fail("The provider answered with a page of HTML in place of a stream.");
  if (bytes[first] == '{' || bytes[first] == '[') return fail("The provider answered with JSON in place of a stream.");
  return true;
}

}  // namespace spidergate::providers
