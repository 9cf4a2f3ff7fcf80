#include "../error_reading.hpp"
#include "../event_decoder.hpp"
#include "../openai/openai_dialect.hpp"
#include "anthropic_dialect.hpp"
#include "message_events.hpp"

namespace spidergate::providers::anthropic {

namespace {

class messages_stream final : public event_decoder {
 public:
  explicit messages_stream(const answer_input& in) : event_decoder(first_byte::of_events), events_(in) {}

  const stream_facts& facts() const noexcept override { return events_.facts(); }

 private:
  bool on_end(std::string& out) override { return events_.end(out); }
  void set_error(provider_error error) override { events_.fail(std::move(error)); }

  bool on_event(const sse_event& event, std::string& out) override {
    const auto data = trimmed(event.data);
    // OpenRouter ends this dialect's streams with OpenAI's mark, too.
    if (data.empty() || data == "[DONE]") return true;
    auto& reader = openai::thread_reader();
    if (!reader.read(data, json::surrogates::any)) {
      if (event.type != "error") {
        return fail_to_read(reader.failure().message);
      }
      events_.fail(not_an_answer(presentable(data)));
      return true;
    }
    if (event.type == "error") {
      events_.on_error(reader.root());
    } else if (!reader.root().is(json::kind::object)) {
      return fail("An event of the provider's stream is JSON, but no object.");
    } else {
      const auto begin = out.size();
      events_.on_event(reader.root(), out);
      const auto text = events_.repeatable_text();
      if (text.data() != nullptr) may_repeat({text, events_.text_place() - begin}, blanks_at_end(data));
    }
    return true;
  }

  void on_text(std::string_view text_json, bool escaped, std::string& out) override {
    events_.on_text(text_json, escaped, out);
  }

  /// Anthropic hides how long a text is by some blanks before an event's last bracket.
  static event_pattern::padding blanks_at_end(std::string_view object) {
    const auto last = object.size() - 1;
    const auto begin = object.find_last_not_of(' ', last - 1) + 1;
    return {{object.substr(begin, last - begin)}, true};
  }

  message_events events_;
};

}  // namespace

std::unique_ptr<stream_decoder> anthropic_dialect::open_stream(const answer_input& in, std::string_view) const {
  return std::make_unique<messages_stream>(in);
}

}  // namespace spidergate::providers::anthropic
