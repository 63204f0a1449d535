# frozen_string_literal: true

class Events::Base
  attr_reader :name, :timestamp, :data

  def initialize(name, timestamp, data)
    @name = name
    @timestamp = timestamp
    @data = data
  end

  def method_name = name.to_s.tr(".", "_")
end
