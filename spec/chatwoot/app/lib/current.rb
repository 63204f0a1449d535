# frozen_string_literal: true

# Who works here.
module Current
  thread_mattr_accessor :user
  thread_mattr_accessor :account
  thread_mattr_accessor :executed_by

  def self.reset = %i[user account executed_by].each { |name| public_send("#{name}=", nil) }
end
