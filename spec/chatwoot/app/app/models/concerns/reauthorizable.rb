# frozen_string_literal: true

module Reauthorizable
  extend ActiveSupport::Concern

  def reauthorization_required? = Redis::Alfred.get(reauthorization_key).present?

  def prompt_reauthorization!
    Redis::Alfred.incr("reauthorization_prompts:#{id}") # for the specs: how often people were told
    Redis::Alfred.set(reauthorization_key, true)
  end

  def reauthorized! = Redis::Alfred.delete(reauthorization_key)

  private

  def reauthorization_key
    format(Redis::Alfred::REAUTHORIZATION_REQUIRED, obj_type: self.class.table_name.singularize, obj_id: id)
  end
end
