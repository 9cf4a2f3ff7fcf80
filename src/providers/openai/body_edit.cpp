#include "body_edit.hpp"

#include "messages.hpp"
#include "openai_dialect.hpp"
#include "reasoning_form.hpp"
#include "rerank.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/json/name_table.hpp>

#include <array>

namespace spidergate::providers::openai {

namespace {

using model::endpoint;

constexpr json::name_table gateway_fields(
    std::to_array<std::string_view>({"spidergate_options", "x-routing-hints", "x-fallback-chain", "strict_params",
                                     "include_route_trace", "include_receipt", "drop_params"}));

/// Whether usage has to be asked for, so that the stream says it.
bool may_ask_for_usage(const encode_input& in) {
  const bool counts = in.asked.kind == endpoint::chat || in.asked.kind == endpoint::completions;
  return in.asked.stream && counts && !is_dropped(in, "stream_options");
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

}  // namespace

bool is_gateway_field(std::string_view name) noexcept {
  return gateway_fields.place(name) != gateway_fields.none;
}

std::optional<refusal> body_edit::run(wire_request& wire) {
  if (auto refused = judge_members(wire)) return refused;
  if (in_.asked.kind == endpoint::chat) added_ = reasoning_in_form(in_, erased_, wire);
  if (erased_.any()) erase_marked();
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (erased_[i]) continue;
    last_kept_ = &members_[i];
    change(members_[i], wire);
  }
  append_missing();
  edits_.move_to(wire.body, wire.owned);
  return std::nullopt;
}

std::optional<refusal> body_edit::judge_members(wire_request& wire) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const auto& m = members_[i];
    if (is_gateway_field(m.name)) {
      erased_.set(i);
      continue;
    }
    switch (fate_of(in_, m)) {
      case fate::keep:
        continue;
      case fate::refuse:
        return refused_parameter(in_, m.name);
      case fate::drop:
        note_dropped(wire, m.name);
        break;
      case fate::erase:
        break;
    }
    erased_.set(i);
  }
  return std::nullopt;
}

void body_edit::erase_marked() {
  for (std::size_t first = 0; first < members_.size(); ++first) {
    if (!erased_[first]) continue;
    std::size_t last = first;
    while (last + 1 < members_.size() && erased_[last + 1]) ++last;
    edits_.erase(
        json::span_with_comma(first, last, members_.size(), [this](std::size_t i) { return members_[i].whole; }));
    first = last;
  }
}

void body_edit::change(const model::body_member& m, wire_request& wire) {
  if (m.name == "model") {
    std::string wanted;
    append_json_string(wanted, model_);
    if (m.value != wanted) edits_.replace(m.value, std::move(wanted));
  } else if (in_.clamped_max_tokens && (m.name == "max_tokens" || m.name == "max_completion_tokens")) {
    // The client's own is a null, or there would be no clamp.
    if (m.name == length_field(in_)) edits_.replace(m.value, std::to_string(*in_.clamped_max_tokens));
  } else if (m.name == "stream_options" && may_ask_for_usage(in_)) {
    auto merged = with_usage_asked(m.value);
    if (merged != m.value) edits_.replace(m.value, std::move(merged));
  } else if (m.name == "messages" && in_.asked.kind == endpoint::chat) {
    edit_messages(in_, m.value, edits_, wire);
  } else if (m.name == "documents" && in_.asked.kind == endpoint::rerank) {
    plain_documents(m.value, edits_);
  } else {
    rename(m);
  }
}

void body_edit::rename(const model::body_member& m) {
  for (const auto& [from, to] : in_.provider.renames) {
    if (m.name == from && in_.asked.find(to) == nullptr) return edits_.replace(m.name, to);
  }
  const bool reasons = in_.entry != nullptr && in_.entry->reasoning && is_openai_house(in_.provider);
  if (reasons && m.name == "max_tokens" && m.value != "null" && in_.asked.kind == endpoint::chat &&
      in_.asked.find("max_completion_tokens") == nullptr)
    edits_.replace(m.name, "max_completion_tokens");
}

void body_edit::append_missing() {
  if (in_.asked.find("model") == nullptr) {
    added_.append(R"(,"model":)");
    append_json_string(added_, model_);
  }
  if (may_ask_for_usage(in_) && in_.asked.find("stream_options") == nullptr) {
    added_.append(R"(,"stream_options":{"include_usage":true})");
  }
  if (const auto name = length_field(in_); in_.clamped_max_tokens && in_.asked.find(name) == nullptr) {
    added_.append(",\"").append(name).append("\":").append(std::to_string(*in_.clamped_max_tokens));
  }
  if (added_.empty()) return;
  if (last_kept_ != nullptr) {
    edits_.insert(last_kept_->whole.data() + last_kept_->whole.size(), std::move(added_));
  } else {
    const auto open = in_.asked.body.find('{');
    edits_.insert(in_.asked.body.data() + open + 1, added_.substr(1));
  }
}

}  // namespace spidergate::providers::openai
