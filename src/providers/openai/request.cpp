#include "../wire_headers.hpp"
#include "openai_dialect.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/core/json_text.hpp>
#include <spidergate/json/splice.hpp>

#include <algorithm>
#include <array>

namespace spidergate::providers::openai {

namespace {

using model::endpoint;

// Ours: no provider knows them, and OpenAI refuses what it does not know.
constexpr std::array<std::string_view, 7> gateway_fields{
    "spidergate_options",  "x-routing-hints", "x-fallback-chain", "strict_params",
    "include_route_trace", "include_receipt", "drop_params"};
template <class List>
bool among(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool streams(const model::inference_request& asked) {
  return asked.stream && (asked.kind == endpoint::chat || asked.kind == endpoint::completions);
}

std::string_view path_of(endpoint kind) {
  switch (kind) {
    case endpoint::chat:
      return "/chat/completions";
    case endpoint::completions:
      return "/completions";
    case endpoint::embeddings:
      return "/embeddings";
    case endpoint::moderations:
      return "/moderations";
    case endpoint::images:
      return "/images/generations";
    case endpoint::speech:
      return "/audio/speech";
    case endpoint::transcriptions:
      return "/audio/transcriptions";
    case endpoint::translations:
      return "/audio/translations";
    case endpoint::rerank:
      return "/rerank";
  }
  return {};
}

std::string target_of(const encode_input& in) {
  // A base URL may carry a query (`?api-version=…`), which stays behind the path.
  const std::size_t query = std::min(in.base_path.find('?'), in.base_path.size());
  std::string target(in.base_path.substr(0, query));
  target.append(path_of(in.asked.kind)).append(in.base_path.substr(query));
  append_query_credential(target, in.provider, in.secret);
  return target;
}

std::string headers_of(const encode_input& in) {
  std::string out;
  out.reserve(256);
  out.append(streams(in.asked) ? "accept: text/event-stream\r\n" : "accept: application/json\r\n");
  append_credential(out, in.provider, in.secret);
  append_forwarded(out, in);
  return out;
}

/// The client's stream_options with include_usage true and everything else as it was.
std::string with_usage_asked(std::string_view options) {
  constexpr std::string_view alone = R"({"include_usage":true})";
  auto& reader = thread_reader();
  if (!reader.read(options) || !reader.root().is(json::kind::object) || reader.root().empty())
    return std::string(alone);
  json::splice edits(options);
  bool found = false;
  for (const auto& m : reader.root().members()) {
    if (!json::says(m.name, "include_usage")) continue;
    edits.replace(m.value.raw(), "true");
    found = true;
  }
  if (!found) edits.insert(options.data() + 1, R"("include_usage":true,)");
  std::string out;
  edits.append_to(out);
  return out;
}

/// What the provider calls the length of an answer: everybody knows max_tokens but for OpenAI's own service, whose
/// newer models refuse it.
std::string_view length_field(const encode_input& in) {
  constexpr std::string_view old_name = "max_tokens", new_name = "max_completion_tokens";
  const auto& id = in.provider.id;
  const bool new_known = id == "openai" || id.starts_with("azure");
  return in.asked.kind == endpoint::chat && new_known ? new_name : old_name;
}

/// Edits the top level of one body; members are the request's, by index.
class body_edit {
 public:
  explicit body_edit(const encode_input& in) : in_(in), members_(in.asked.members), edits_(in.asked.body) {}

  void run(wire_request& wire) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (among(gateway_fields, members_[i].name)) {
        i = erase_run(i);
      } else {
        last_kept_ = &members_[i];
        change(members_[i]);
      }
    }
    append_missing();
    edits_.move_to(wire.body, wire.owned);
  }

 private:
  std::size_t erase_run(std::size_t first) {
    std::size_t last = first;
    while (last + 1 < members_.size() && among(gateway_fields, members_[last + 1].name)) ++last;
    edits_.erase(
        json::span_with_comma(first, last, members_.size(), [this](std::size_t i) { return members_[i].whole; }));
    return last;
  }

  void change(const model::body_member& m) {
    if (m.name == "model") {
      std::string wanted;
      append_json_string(wanted, in_.model);
      if (m.value != wanted) edits_.replace(m.value, std::move(wanted));
    } else if (in_.clamped_max_tokens && (m.name == "max_tokens" || m.name == "max_completion_tokens")) {
      // The client's own is a null, or there would be no clamp.
      if (m.name == length_field(in_)) edits_.replace(m.value, std::to_string(*in_.clamped_max_tokens));
    } else if (m.name == "stream_options" && streams(in_.asked)) {
      auto merged = with_usage_asked(m.value);
      if (merged != m.value) edits_.replace(m.value, std::move(merged));
    } else {
      rename(m);
    }
  }

  void rename(const model::body_member& m) {
    for (const auto& [from, to] : in_.provider.renames) {
      if (m.name == from && in_.asked.find(to) == nullptr) edits_.replace(m.name, to);
    }
  }

  void append_missing() {
    std::string added;
    if (in_.asked.find("model") == nullptr) {
      added.append(R"(,"model":)");
      append_json_string(added, in_.model);
    }
    if (streams(in_.asked) && in_.asked.find("stream_options") == nullptr) {
      added.append(R"(,"stream_options":{"include_usage":true})");
    }
    if (const auto name = length_field(in_); in_.clamped_max_tokens && in_.asked.find(name) == nullptr) {
      added.append(",\"").append(name).append("\":").append(std::to_string(*in_.clamped_max_tokens));
    }
    if (added.empty()) return;
    if (last_kept_ != nullptr) {
      edits_.insert(last_kept_->whole.data() + last_kept_->whole.size(), std::move(added));
    } else {
      const auto open = in_.asked.body.find('{');
      edits_.insert(in_.asked.body.data() + open + 1, added.substr(1));
    }
  }

  const encode_input& in_;
  const std::vector<model::body_member>& members_;
  const model::body_member* last_kept_ = nullptr;
  json::splice edits_;
};

}  // namespace

bool openai_dialect::serves(endpoint) const noexcept {
  return true;
}

boost::system::result<wire_request, refusal> openai_dialect::encode(const encode_input& in) const {
  wire_request wire;
  wire.target = target_of(in);
  wire.headers = headers_of(in);
  body_edit(in).run(wire);
  return wire;
}

}  // namespace spidergate::providers::openai
