#include "chat_input.hpp"

#include "../chat/chat_request.hpp"
#include "model_inputs.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace spidergate::providers::replicate {

namespace {

using chat::message;
using chat::part;
using done = boost::system::result<void, refusal>;

constexpr std::int64_t customary_length = 8192;

/// One conversation on its way into a model's inputs.
class chat_input {
 public:
  chat_input(const encode_input& in, const chat::chat_request& asked, wire_request& wire, std::string& out)
      : in_(in), asked_(asked), takes_(chat_inputs_of(in.model)), wire_(wire), out_(out) {}

  done run() {
    if (auto read = read_messages(); !read) return read;
    write_words();
    if (auto written = write_images(); !written) return written;
    if (auto written = write_length(); !written) return written;
    if (auto written = write_stop(); !written) return written;
    write_thinking();
    for (const auto name : takes_.plain) {
      const bool refused = name == "temperature" && in_.entry != nullptr && in_.entry->no_temperature;
      if (const auto* m = in_.asked.find(name); m != nullptr && m->value != "null" && !refused) {
        out_.append(",").append(m->whole);
        carried_.push_back(name);
      }
    }
    return chat::drop_others(in_, carried_, wire_);
  }

 private:
  done read_messages() {
    for (const auto& m : asked_.messages) {
      if (!m.calls.empty() || m.from == message::role::tool)
        return chat::cannot(in_, chat::place_of(m), "cannot call tools, nor read what they said");
      for (std::size_t i = 0; i < m.content.size(); ++i) {
        if (auto read = read_part(m, i); !read) return read;
      }
      auto& list = m.from == message::role::system ? system_ : said_;
      list.push_back(&m);
    }
    return {};
  }

  done read_part(const message& m, std::size_t index) {
    const auto& p = m.content[index];
    switch (p.is) {
      case part::kind::text:
      case part::kind::refusal:
      case part::kind::thinking:
        return {};
      case part::kind::image:
        if (takes_.images.empty()) break;
        if (!p.what.file_id.empty()) break;
        images_.push_back(&p);
        return {};
      case part::kind::audio:
      case part::kind::video:
      case part::kind::file:
      case part::kind::other:
        break;
    }
    return chat::cannot(in_, chat::place_of(m, index),
                        takes_.images.empty() ? "takes text only with this model" : "takes text and images only");
  }

  static std::string texts_of(const std::vector<const message*>& list) {
    std::string text;
    for (const auto* m : list) {
      if (!text.empty()) text.append("\\n\\n");
      text.append(chat::joined_text(*m));
    }
    return text;
  }

  /// A lone question is the prompt; a conversation is OpenAI's list where the model takes one, else written out.
  void write_words() {
    const auto system = texts_of(system_);
    const bool lone = said_.size() == 1 && said_.front()->from == message::role::user;
    if (!lone && takes_.messages && images_.empty()) return write_list();
    const bool own_place = !takes_.system.empty() && !system.empty();
    out_.append("\"prompt\":\"");
    if (!own_place && !system.empty()) out_.append(system).append("\\n\\n");
    if (lone) {
      out_.append(chat::joined_text(*said_.front()));
    } else {
      for (const auto* m : said_) {
        out_.append(m->from == message::role::user ? "User: " : "Assistant: ").append(chat::joined_text(*m));
        out_.append("\\n\\n");
      }
      out_.append("Assistant:");
    }
    out_.push_back('"');
    if (own_place) out_.append(",\"").append(takes_.system).append("\":\"").append(system).append("\"");
  }

  void write_list() {
    out_.append("\"messages\":[");
    for (const auto& m : asked_.messages) {
      const auto role = m.from == message::role::system ? "system"
                        : m.from == message::role::user ? "user"
                                                        : "assistant";
      out_.append("{\"role\":\"").append(role).append("\",\"content\":\"").append(chat::joined_text(m)).append("\"},");
    }
    out_.back() = ']';
  }

  done write_images() {
    if (images_.empty()) return {};
    if (images_.size() > 1 && !takes_.several_images)
      return chat::cannot(in_, "messages", "takes one image with this model");
    out_.append(",\"").append(takes_.images).append(takes_.several_images ? "\":[" : "\":");
    for (const auto* p : images_) {
      if (p != images_.front()) out_.push_back(',');
      const auto& what = p->what;
      if (what.base64.empty()) {
        append_json_string(out_, what.url);
      } else {
        out_.append("\"data:").append(what.mime.empty() ? "image/png" : what.mime).append(";base64,");
        out_.append(what.base64).append("\"");
      }
    }
    if (takes_.several_images) out_.push_back(']');
    return {};
  }

  done write_length() {
    carried_.insert(carried_.end(), {"max_tokens", "max_completion_tokens"});
    const auto most = asked_.max_tokens ? asked_.max_tokens : in_.clamped_max_tokens;
    if (!most) return {};
    if (*most < takes_.least_length)
      return chat::cannot(in_, "max_tokens", "takes at least 1024 as the length of an answer with this model");
    out_.append(",\"").append(takes_.length).append("\":").append(std::to_string(*most));
    return {};
  }

  /// The input is one string, split at commas: a sequence with a comma cannot be said.
  done write_stop() {
    if (asked_.stop.empty()) return {};
    if (takes_.stop.empty()) return {};
    carried_.push_back("stop");
    out_.append(",\"").append(takes_.stop).append("\":\"");
    for (std::size_t i = 0; i < asked_.stop.size(); ++i) {
      const auto text = asked_.stop[i].literal();
      if (text.find(',') != std::string_view::npos)
        return chat::cannot(in_, "stop", "takes no stop sequences with commas");
      out_.append(i > 0 ? "," : "").append(text);
    }
    out_.push_back('"');
    return {};
  }

  void write_thinking() {
    const auto& wish = asked_.reasoning;
    if (!wish.asked()) return;
    using level = chat::reasoning_wish::level;
    const auto most = in_.entry != nullptr && in_.entry->max_output > 0 ? in_.entry->max_output : customary_length;
    if (takes_.effort && wish.effort != level::unset && !wish.off()) {
      constexpr std::array<std::string_view, 7> names{"", "", "minimal", "low", "medium", "high", "high"};
      out_.append(",\"reasoning_effort\":\"")
          .append(least_known(names[static_cast<std::size_t>(wish.effort)]))
          .append("\"");
      return carry_thinking();
    }
    if (takes_.thinking_budget.empty()) return;
    if (!takes_.thinking_switch.empty())
      out_.append(",\"").append(takes_.thinking_switch).append(wish.off() ? "\":false" : "\":true");
    const auto length = asked_.max_tokens.value_or(most);
    if (wish.off() && takes_.thinking_switch.empty()) out_.append(",\"").append(takes_.thinking_budget).append("\":0");
    const auto budget = wish.budget_tokens ? *wish.budget_tokens : chat::budget_for(wish.effort, length);
    const bool sized = wish.budget_tokens || wish.effort != level::unset;
    if (!wish.off() && sized)
      out_.append(",\"").append(takes_.thinking_budget).append("\":").append(std::to_string(budget));
    carry_thinking();
  }

  /// Only its newer models think so little.
  [[nodiscard]] std::string_view least_known(std::string_view effort) const {
    return effort == "minimal" && !in_.model.starts_with("openai/gpt-5") ? "low" : effort;
  }

  void carry_thinking() {
    carried_.insert(carried_.end(),
                    {"reasoning_effort", "reasoning", "thinking", "enable_thinking", "thinking_budget"});
  }

  const encode_input& in_;
  const chat::chat_request& asked_;
  const chat_inputs& takes_;
  wire_request& wire_;
  std::string& out_;
  std::vector<const message*> system_, said_;
  std::vector<const part*> images_;
  std::vector<std::string_view> carried_;
};

}  // namespace

done write_chat_input(const encode_input& in, wire_request& wire, std::string& out) {
  chat::chat_request asked;
  if (auto read = chat::read_chat_request(in.asked, asked); !read) return read.error();
  return chat_input(in, asked, wire, out).run();
}

}  // namespace spidergate::providers::replicate
