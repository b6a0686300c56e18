# frozen_string_literal: true

# Three pages of Portus tell whoever is signed in what no policy was asked about:
# - the list of teams the e-mail addresses and sign-in times of all users (2.4 and 2.5), for a form that only
#   administrators are shown;
# - the search by which forms ask whether a team's name is taken, the names of all teams, personal ones too (2.3 to 2.5);
# - a tag's page the names of all tags with its digest, whichever repository they are in (2.3 and 2.4).
# Here users are listed for administrators, that search finds the very name that was asked for, and a tag is named to
# who may see it.
#
# Source: SUSE/Portus app/controllers/teams_controller.rb (index, all_with_query), app/controllers/tags_controller.rb,
# app/assets/javascripts/modules/teams/components/new-form.vue at 2.3.0 to v2.5.

module PortusStackPrivatePages
  def self.missing
    absent = []
    absent << "TeamsController#all_with_query" unless action?("TeamsController", "all_with_query")
    absent << "TagsController#show" unless action?("TagsController", "show")
    policy = "TagPolicy".safe_constantize
    absent << "TagPolicy#show?" unless policy && policy.method_defined?(:show?)
    absent
  end

  def self.action?(name, action)
    controller = name.safe_constantize
    controller && controller.action_methods.include?(action)
  end

  module Teams
    def all_with_query
      return super if params[:unscoped] != "true" || current_user.admin?

      taken = Team.where(name: params[:query]).pluck(:name)
      matches = taken.map { |name| { name: ActionController::Base.helpers.sanitize(name) } }
      respond_to do |format|
        format.json { render json: matches.to_json }
      end
    end

    private

    # The list's action ends with this, when all that its page shows is there.
    def respond_with(*)
      @owners_serialized = "[]" if @owners_serialized && !current_user.admin?
      super
    end
  end

  module Tags
    def show
      super
      return unless @names

      same = Tag.where(digest: @tag.digest).select { |tag| TagPolicy.new(current_user, tag).show? }
      @names = same.sort.map(&:name)
    end
  end
end

Rails.application.config.to_prepare do
  missing = PortusStackPrivatePages.missing
  if missing.empty?
    TeamsController.send(:prepend, PortusStackPrivatePages::Teams)
    TagsController.send(:prepend, PortusStackPrivatePages::Tags)
    $stderr.puts "portus-stack: patch private_pages is on"
  else
    $stderr.puts "portus-stack: patch private_pages does not fit this Portus: #{missing.join(", ")}"
  end
end
