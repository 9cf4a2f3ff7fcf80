#include <spidergate/providers/model_list.hpp>

#include <gtest/gtest.h>

namespace spidergate::providers {
namespace {

std::vector<listed_model> read(std::string body) {
  body.reserve(body.size() + 64);
  auto listed = read_model_list(body);
  EXPECT_TRUE(listed) << listed.error();
  return listed ? *listed : std::vector<listed_model>{};
}

std::string fault_of(std::string body) {
  body.reserve(body.size() + 64);
  const auto listed = read_model_list(body);
  return listed ? "no fault" : listed.error();
}

TEST(model_list, each_servers_form_is_read_with_its_window) {
  const auto vllm = read(R"({"object":"list","data":[{"id":"Qwen/Qwen3-8B","object":"model","max_model_len":40960}]})");
  ASSERT_EQ(vllm.size(), 1U);
  EXPECT_EQ(vllm[0].id, "Qwen/Qwen3-8B");
  EXPECT_EQ(vllm[0].context, 40'960);
  EXPECT_EQ(read(R"({"data":[{"id":"a","meta":{"n_ctx_train":8192}}]})")[0].context, 8192) << "llama.cpp";
  EXPECT_EQ(read(R"({"data":[{"id":"a","max_context_length":4096}]})")[0].context, 4096) << "LM Studio";
  EXPECT_EQ(read(R"({"models":[{"name":"llama3.2:1b","model":"llama3.2:1b"}]})")[0].id, "llama3.2:1b") << "Ollama";
  EXPECT_EQ(read(R"({"data":[{"id":"a","max_model_len":"many"},{"id":"b","max_model_len":-1}]})")[1].context, 0);
}

TEST(model_list, odd_ids_are_left_out_and_none_is_given_twice) {
  const auto listed = read(R"({"data":[{"id":"a"},{"id":"a"},{"id":""},{"id":7},5,{"id":"b c"},{"id":"b"}]})");
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[1].id, "b");
  EXPECT_TRUE(read("{\"data\":[{\"id\":\"" + std::string(300, 'x') + "\"}]}").empty());
}

TEST(model_list, no_more_than_a_thousand_are_taken) {
  std::string body = R"({"data":[)";
  for (int i = 0; i < 1500; ++i) body += (i == 0 ? "" : ",") + std::string(R"({"id":"m)") + std::to_string(i) + "\"}";
  EXPECT_EQ(read(body + "]}").size(), 1000U);
}

TEST(model_list, anything_else_is_a_fault) {
  EXPECT_EQ(fault_of("[]"), "it is no list of models");
  EXPECT_EQ(fault_of(R"({"data":{}})"), "it is no list of models");
  EXPECT_TRUE(fault_of("<html>").starts_with("it is not JSON"));
  EXPECT_TRUE(model_list_path("bedrock").empty());
}

}  // namespace
}  // namespace spidergate::providers
