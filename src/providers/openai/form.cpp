#include "form.hpp"

#include "../wire_headers.hpp"
#include "body_edit.hpp"
#include "parameters.hpp"
#include "tool_calls.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace spidergate::providers::openai {

namespace {

using model::form_part;

std::string_view keep(wire_request& wire, std::string text) {
  wire.owned.push_back(std::make_unique<std::string>(std::move(text)));
  return *wire.owned.back();
}

/// A boundary that no part holds: hashes of what is known, until one fits. Nobody can write a file that holds them all.
std::string boundary_for(const encode_input& in) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::uint64_t seed = hash_of(in.model, hash_of(std::to_string(in.now)));
  for (const auto& part : in.asked.form) {
    const auto& content = part.content;
    seed = hash_of(content.substr(0, 64), hash_of(std::to_string(content.size()), seed));
  }
  for (;; seed = hash_of("again", seed)) {
    std::string boundary = "sg-";
    for (std::uint64_t rest = seed, i = 0; i < 16; ++i, rest >>= 4) boundary.push_back(digits[rest & 15]);
    const bool occurs = std::any_of(in.asked.form.begin(), in.asked.form.end(), [&](const form_part& part) {
      return part.content.find(boundary) != std::string_view::npos;
    });
    if (!occurs) return boundary;
  }
}

/// As browsers do (HTML standard, "multipart form data"): what would end the quoted text is percent-encoded.
void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"')
      out.append("%22");
    else if (c == '\r')
      out.append("%0D");
    else if (c == '\n')
      out.append("%0A");
    else
      out.push_back(c);
  }
  out.push_back('"');
}

std::string head_of(std::string_view boundary, std::string_view name, const form_part* part, bool first) {
  std::string head = first ? "--" : "\r\n--";
  head.append(boundary).append("\r\nContent-Disposition: form-data; name=");
  append_quoted(head, name);
  if (part != nullptr && !part->filename.empty()) {
    head.append("; filename=");
    append_quoted(head, part->filename);
  }
  head.append("\r\n");
  if (part != nullptr && !part->content_type.empty()) append_header(head, "Content-Type", "", part->content_type);
  return head.append("\r\n");
}

std::string_view name_for(const encode_input& in, std::string_view name) {
  for (const auto& [from, to] : in.provider.renames) {
    if (name == from && in.asked.find_part(to) == nullptr) return to;
  }
  return name;
}

}  // namespace

std::optional<refusal> write_form(const encode_input& in, std::string_view model, wire_request& wire) {
  const std::string boundary = boundary_for(in);
  const auto add = [&](std::string_view name, const form_part* part, std::string_view content) {
    wire.body.push_back(keep(wire, head_of(boundary, name, part, wire.body.empty())));
    wire.body.push_back(content);
  };
  bool model_said = false;
  for (const auto& part : in.asked.form) {
    if (is_gateway_field(part.name)) continue;
    if (part.name == "model") {
      if (!std::exchange(model_said, true)) add(part.name, &part, keep(wire, std::string(model)));
      continue;
    }
    if (is_dropped(in, part.name)) {
      note_dropped(wire, part.name);
      continue;
    }
    add(name_for(in, part.name), &part, part.content);
  }
  if (!model_said) add("model", nullptr, keep(wire, std::string(model)));
  wire.body.push_back(keep(wire, "\r\n--" + boundary + "--\r\n"));
  wire.content_type = "multipart/form-data; boundary=" + boundary;
  return std::nullopt;
}

}  // namespace spidergate::providers::openai
