# frozen_string_literal: true

# Portus 2.0 to 2.5 lets whoever is signed in star any repository by its number, and answers with its name, its namespace
# and how many tags and stars it has: so everybody can list what is private. Here only who may see a repository stars it.
#
# Source: SUSE/Portus app/controllers/repositories_controller.rb (toggle_star asks no policy, show does) at 2.0.5 to v2.5.

module PortusStackPrivateStars
  def self.missing
    controller = "RepositoriesController".safe_constantize
    policy = "RepositoryPolicy".safe_constantize
    absent = []
    absent << "RepositoriesController#toggle_star" unless controller && controller.action_methods.include?("toggle_star")
    absent << "RepositoryPolicy#show?" unless policy && policy.method_defined?(:show?)
    absent
  end

  def toggle_star
    authorize @repository, :show?
    super
  end
end

Rails.application.config.to_prepare do
  missing = PortusStackPrivateStars.missing
  if missing.empty?
    RepositoriesController.send(:prepend, PortusStackPrivateStars)
    $stderr.puts "portus-stack: patch private_stars is on"
  else
    $stderr.puts "portus-stack: patch private_stars does not fit this Portus: #{missing.join(", ")}"
  end
end
