#include "../anthropic/reading.hpp"
#include "../error_reading.hpp"
#include "bedrock_dialect.hpp"
#include "converse_model.hpp"
#include "invoke.hpp"
#include "memo.hpp"
#include "reading.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/json/reader.hpp>

namespace spidergate::providers::bedrock {

namespace {

using decoded = boost::system::result<std::variant<client_answer, follow_up>, provider_error>;

json::reader& thread_reader() {
  thread_local json::reader reader;
  return reader;
}

/// Status 200, and an error all the same.
provider_error in_band(json::value root) {
  provider_error error;
  auto said = root;
  if (const auto output = root.find("Output"); output.find("__type").exists()) said = output;
  error.type = presentable(plain_type(said.find("__type").text()));
  error.message = presentable(said.find("message").text());
  if (error.message.empty()) error.message = "The provider's answer holds neither output nor a reason.";
  classify_aws(error);
  return error;
}

/// Puts the blocks of a message into one choice.
class message_reader {
 public:
  explicit message_reader(const answer_input& in)
      : memo_(chat_memo::read(in.memo)), can_(describe_model(in.model, in.entry)) {}

  void read(json::value content) {
    for (const auto block : content.elements()) {
      for (const auto& m : block.members()) read_member(m);
    }
    if (!others_.empty()) choice_.extra.append(",\"citations\":[").append(others_).append("]");
    if (!choice_.images.empty()) choice_.images = "[" + choice_.images + "]";
    if (answered_by_tool_) choice_.content_json = std::move(answer_);
  }
  chat::answer_choice& choice() { return choice_; }
  [[nodiscard]] bool answered_by_tool() const { return answered_by_tool_; }
  [[nodiscard]] std::int64_t searches() const { return searches_; }

 private:
  void read_member(const json::member& m) {
    if (m.name == "text") text(m.value.literal());
    if (m.name == "toolUse") call(m.value);
    if (m.name == "reasoningContent") thought(m.value);
    if (m.name == "citationsContent") cited(m.value);
    if (m.name == "image") image(m.value);
  }

  void text(std::string_view literal) {
    start_ = position_;
    position_ += anthropic::characters_in(literal);
    choice_.content_json.append(literal);
  }

  void call(json::value use) {
    const auto name = use.find("name").literal();
    // What Amazon ran itself is no call for the client, and its result no answer.
    if (use.find("type").literal() == "server_tool_use") {
      searches_ += name == "nova_grounding" ? 1 : 0;
      return;
    }
    const auto input = use.find("input");
    const auto arguments = input.is(json::kind::object) ? anthropic::as_literal(input) : std::string("{}");
    if (!memo_.json_tool.empty() && name == memo_.json_tool) {
      answered_by_tool_ = true;
      answer_ = arguments;
      return;
    }
    choice_.calls.push_back({std::string(use.find("toolUseId").literal()), std::string(name), arguments});
  }

  void thought(json::value reasoning) {
    if (memo_.hides_reasoning) return;
    const auto text = reasoning.find("reasoningText");
    const auto index = choice_.reasoning_details.size();
    choice_.reasoning_json.append(text.find("text").literal());
    if (const auto signature = text.find("signature").literal(); !signature.empty()) {
      choice_.reasoning_details.push_back(
          chat::reasoning_text(text.find("text").literal(), signature, can_.reasoning_format, index));
    }
    if (const auto sealed = reasoning.find("redactedContent").literal(); !sealed.empty())
      choice_.reasoning_details.push_back(sealed_thought(sealed, can_.reasoning_format, index));
  }

  /// Text with what it rests on; without text, what the text before rests on.
  void cited(json::value content) {
    bool begun = false;
    const auto start = position_;
    for (const auto piece : content.find("content").elements()) {
      begun = true;
      text(piece.find("text").literal());
    }
    if (begun) start_ = start;
    for (const auto citation : content.find("citations").elements()) {
      auto annotation = annotation_of(citation, start_, position_);
      if (!annotation.empty()) {
        choice_.annotations.push_back(std::move(annotation));
      } else {
        others_.append(others_.empty() ? "" : ",").append(citation.raw());
      }
    }
  }

  void image(json::value block) {
    const auto bytes = block.find("source").find("bytes").literal();
    if (bytes.empty()) return;
    choice_.images.append(choice_.images.empty() ? "" : ",");
    choice_.images.append(R"({"type":"image_url","image_url":{"url":"data:image/)");
    choice_.images.append(block.find("format").literal()).append(";base64,").append(bytes).append("\"}}");
  }

  const chat_memo memo_;
  const converse_model can_;
  chat::answer_choice choice_;
  std::string answer_, others_;
  bool answered_by_tool_ = false;
  std::int64_t start_ = 0, position_ = 0, searches_ = 0;
};

bool says_anything(const chat::answer_choice& choice) {
  return !choice.content_json.empty() || !choice.calls.empty() || !choice.images.empty();
}

decoded read_answer(const answer_input& in, json::value root) {
  const auto content = root.find("output").find("message").find("content");
  if (!content.is(json::kind::array)) return in_band(root);
  message_reader reader(in);
  reader.read(content);
  auto& choice = reader.choice();
  const auto reason = root.find("stopReason").text().substr(0, 64);
  if (is_malformed(reason) && !says_anything(choice)) {
    auto error = not_an_answer("The model wrote something that makes no sense (" + presentable(reason) + ").");
    return error;
  }
  choice.how = finish_of(reason);
  choice.native_finish = reason;
  if (choice.how == chat::finish::tool_calls && choice.calls.empty()) choice.how = chat::finish::stop;
  if (reader.answered_by_tool() && choice.calls.empty()) choice.native_finish.clear();

  chat::answer said;
  bool impossible = false;
  said.usage = read_usage(root.find("usage"), impossible);
  if (said.usage) said.usage->web_searches = reader.searches();
  said.choices.push_back(std::move(choice));
  if (const auto tier = root.find("serviceTier").find("type"); tier.is(json::kind::string))
    said.extra.append(",\"service_tier\":").append(tier.raw());
  if (const auto trace = root.find("trace"); trace.is(json::kind::object))
    said.extra.append(",\"trace\":").append(trace.raw());
  if (const auto fields = root.find("additionalModelResponseFields"); fields.given())
    said.extra.append(",\"additionalModelResponseFields\":").append(fields.raw());
  return std::variant<client_answer, follow_up>(chat::to_client(said, in));
}

}  // namespace

decoded bedrock_dialect::decode(const answer_input& in, std::string_view, std::string_view body) const {
  if (in.asked.kind != model::endpoint::chat) {
    auto read = read_invocation(in, body);
    if (!read) return read.error();
    return std::variant<client_answer, follow_up>(std::move(*read));
  }
  auto& reader = thread_reader();
  if (!reader.read(json::without_bom(body), json::surrogates::any))
    return not_an_answer("The provider's answer is not valid JSON: " + reader.failure().message + ".");
  return read_answer(in, reader.root());
}

}  // namespace spidergate::providers::bedrock
