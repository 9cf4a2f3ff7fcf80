#include "messages_body.hpp"

#include <spidergate/core/base64.hpp>
#include <spidergate/core/utf8.hpp>

#include <algorithm>
#include <array>

namespace spidergate::providers::anthropic {

namespace {

using kind = chat::part::kind;

// Blocks in Anthropic's own form, as clients send them that speak to several services.
constexpr std::array<std::string_view, 18> native_blocks{"image",
                                                         "document",
                                                         "search_result",
                                                         "tool_use",
                                                         "tool_result",
                                                         "server_tool_use",
                                                         "web_search_tool_result",
                                                         "web_fetch_tool_result",
                                                         "code_execution_tool_result",
                                                         "bash_code_execution_tool_result",
                                                         "text_editor_code_execution_tool_result",
                                                         "tool_search_tool_result",
                                                         "tool_reference",
                                                         "tool_addition",
                                                         "container_upload",
                                                         "mcp_tool_use",
                                                         "mcp_tool_result",
                                                         "redacted_thinking"};
constexpr std::string_view files_beta = "files-api-2025-04-14";

bool is_image(const chat::part& p) {
  return p.is == kind::image || p.what.mime.starts_with("image/");
}

bool is_text_type(std::string_view mime) {
  constexpr std::array<std::string_view, 5> others{"application/json", "application/xml", "application/yaml",
                                                   "application/x-yaml", "application/javascript"};
  return mime.starts_with("text/") || std::find(others.begin(), others.end(), mime) != others.end();
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = utf8_sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void note(std::vector<std::string_view>& betas, std::string_view name) {
  if (std::find(betas.begin(), betas.end(), name) == betas.end()) betas.push_back(name);
}

}  // namespace

bool conversation_writer::write_media(const chat::message& m, std::size_t index, json::value cache) {
  const auto& p = m.content[index];
  // In Anthropic's own form it says more (title, context, citations) than ours can.
  if (p.whole.find("source").is(json::kind::object)) return write_native(m, index, cache);
  if (!is_image(p)) return write_document(m, index, cache);
  out_.element(R"({"type":"image","source":)");
  const auto mime = p.what.mime == "image/jpg" ? "image/jpeg" : p.what.mime.empty() ? "image/png" : p.what.mime;
  if (!write_source(p.what, mime, chat::place_of(m, index))) return false;
  close_block(cache);
  return true;
}

bool conversation_writer::write_document(const chat::message& m, std::size_t index, json::value cache) {
  const auto& p = m.content[index];
  const auto& what = p.what;
  out_.element(R"({"type":"document","source":)");
  if (!what.base64.empty() && is_text_type(what.mime)) {
    std::string text;
    if (!append_base64_decoded(text, what.base64)) {
      return fail(chat::place_of(m, index), "cannot read the document: its base64 is broken");
    }
    if (!is_utf8(text)) return fail(chat::place_of(m, index), "takes text documents in UTF-8 only");
    out_.raw(R"({"type":"text","media_type":"text/plain","data":)").string(text).raw("}");
  } else {
    const bool pdf = what.mime.empty() || what.mime == "application/pdf";
    if (!what.base64.empty() && !pdf) {
      return fail(chat::place_of(m, index),
                  "takes documents as PDF or text only, not as " + std::string(what.mime.substr(0, 100)));
    }
    if (!write_source(what, "application/pdf", chat::place_of(m, index))) return false;
  }
  if (!what.filename.literal().empty()) out_.member("title").literal(what.filename.literal());
  for (const std::string_view name : {"citations", "context"}) {
    if (const auto more = p.whole.find(name); more.given()) out_.member(name).raw(more.raw());
  }
  close_block(cache);
  return true;
}

bool conversation_writer::write_source(const chat::media& what, std::string_view type, const std::string& place) {
  if (!what.base64.empty()) {
    out_.raw(R"({"type":"base64","media_type":)").string(type).member("data").literal(what.base64).raw("}");
    return true;
  }
  if (!what.url.empty()) {
    if (!at_.media_urls) return fail(place, "takes no media by URL; send it as a base64 data URL");
    out_.raw(R"({"type":"url","url":)").string(what.url).raw("}");
    return true;
  }
  if (!at_.file_ids) return fail(place, "has no stored files; send it as a base64 data URL");
  note(betas_, files_beta);
  out_.raw(R"({"type":"file","file_id":)").string(what.file_id).raw("}");
  return true;
}

bool conversation_writer::write_native(const chat::message& m, std::size_t index, json::value cache) {
  const auto whole = m.content[index].whole;
  const auto type = whole.find("type").literal();
  const auto place = chat::place_of(m, index);
  if (std::find(native_blocks.begin(), native_blocks.end(), type) == native_blocks.end()) {
    return fail(place, "knows no such content");
  }
  const auto source = whole.find("source").find("type").literal();
  if (source == "url" && !at_.media_urls) return fail(place, "takes no media by URL; send it as base64");
  if (source == "file" && !at_.file_ids) return fail(place, "has no stored files; send it as base64");
  if (source == "file") note(betas_, files_beta);
  auto text = whole.raw();
  if (!cache.exists() || whole.find("cache_control").exists()) {
    out_.element(text);
    return true;
  }
  text.remove_suffix(1);
  out_.element(text);
  close_block(cache);
  return true;
}

}  // namespace spidergate::providers::anthropic
