# frozen_string_literal: true

class Team < ApplicationRecord; end
