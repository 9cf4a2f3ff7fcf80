#include "../error_reading.hpp"
#include "../openai/openai_dialect.hpp"
#include "anthropic_dialect.hpp"
#include "message_events.hpp"

#include <spidergate/providers/sse_framer.hpp>

namespace spidergate::providers::anthropic {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

class messages_stream final : public stream_decoder {
 public:
  explicit messages_stream(const answer_input& in) : events_(in) {}

  bool feed(std::string_view bytes, std::string& out) override {
    if (failed_) return false;
    if (events_.over()) return true;
    if (!sniff(bytes)) return false;
    framer_.feed(bytes);
    sse_event event;
    while (!events_.over()) {
      switch (framer_.next(event)) {
        case sse_framer::step::more:
          return true;
        case sse_framer::step::oversize:
          return fail("An event of the provider's stream is larger than 1 MiB.");
        case sse_framer::step::event:
          if (!on_event(event, out)) return false;
      }
    }
    return true;
  }

  bool end(std::string& out) override {
    sse_event event;
    if (!failed_ && !events_.over() && framer_.finish(event)) {
      // What is left may be half an event, which is no fault but the sign of a cut.
      const bool whole = openai::thread_reader().read(trimmed(event.data), json::surrogates::any);
      if (whole && !on_event(event, out)) return false;
    }
    return !failed_ && events_.end(out);
  }

  const stream_facts& facts() const noexcept override { return events_.facts(); }

 private:
  bool fail(std::string message) {
    failed_ = true;
    events_.fail(not_an_answer(std::move(message)));
    return false;
  }

  /// A page or an answer that is no stream shows in its first byte; as events, its lines would just be skipped.
  bool sniff(std::string_view bytes) {
    if (sniffed_) return true;
    const auto first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (first == std::string_view::npos) return true;
    sniffed_ = true;
    if (bytes[first] == '<') return fail("The provider answered with a page of HTML in place of a stream.");
    if (bytes[first] == '{' || bytes[first] == '[')
      return fail("The provider answered with JSON in place of a stream.");
    return true;
  }

  bool on_event(const sse_event& event, std::string& out) {
    const auto data = trimmed(event.data);
    // OpenRouter ends this dialect's streams with OpenAI's mark, too.
    if (data.empty() || data == "[DONE]") return true;
    auto& reader = openai::thread_reader();
    if (!reader.read(data, json::surrogates::any)) {
      if (event.type != "error") {
        return fail("An event of the provider's stream is not valid JSON: " + reader.failure().message + ".");
      }
      events_.fail(not_an_answer(presentable(data)));
      return true;
    }
    if (event.type == "error") {
      events_.on_error(reader.root());
    } else if (!reader.root().is(json::kind::object)) {
      return fail("An event of the provider's stream is JSON, but no object.");
    } else {
      events_.on_event(reader.root(), out);
    }
    return true;
  }

  message_events events_;
  sse_framer framer_;
  bool sniffed_ = false, failed_ = false;
};

}  // namespace

std::unique_ptr<stream_decoder> anthropic_dialect::open_stream(const answer_input& in, std::string_view) const {
  return std::make_unique<messages_stream>(in);
}

}  // namespace spidergate::providers::anthropic
