"""The words of RandomPet. Our own lists: the official provider's are other ones, and no program may rely on a word."""

from typing import Final

_ADVERBS = """
ably amply aptly bluntly boldly bravely briefly brightly busily calmly carefully cheaply clearly closely coolly
coyly crisply daily dearly deeply deftly duly eagerly early easily evenly exactly fairly fully finely firmly
fleetly fondly freely freshly gamely gently gladly gracefully greatly handily happily heartily highly humbly
idly jointly justly keenly kindly largely lately lightly loosely loudly lovingly luckily mainly merrily mildly
mostly neatly newly nicely nimbly nobly openly partly plainly politely promptly properly purely quickly quietly
rarely readily really richly rightly safely secretly sharply shortly shyly simply slowly smoothly softly solely
soundly squarely steadily sternly strongly subtly surely sweetly swiftly tenderly tidily tightly truly utterly
vastly warmly warily weekly wholly widely wildly wisely yearly
"""

_ADJECTIVES = """
able adept agile airy alert ample amused ancient apt artful autumn avid awake balmy beaming bold brave breezy
brief bright brisk bronze bubbly busy calm candid careful casual cheery chilly chipper civil clean clear clever
close coastal cosmic cosy crisp curious dapper daring dear deep deft dewy direct dry dusky eager early earnest easy
elegant even exact fair famous fancy fast fine firm fit fleet floral fluent fond fresh frosty full funny gallant
gentle giant gifted glad gleaming glossy golden good graceful grand great green happy hardy hazel hearty helpful
honest humble icy ideal jolly jovial joyful keen kind large leafy light lively local loyal lucid lucky lunar
magic major mellow merry mild mighty misty modern modest mossy mutual native neat new nimble noble northern novel
open patient peaceful perky placid plain playful plucky polite prime prompt proud quick quiet rapid rare ready
regal rosy royal ruby rustic sage sandy scarlet sharp shining shy silent silver simple sleek smart smooth snowy
snug social soft solar solid sound southern spry stable starry steady still stout sturdy subtle sunny super sure
sweet swift tall tame tender thrifty tidy topical tranquil trim true trusty upbeat useful valid velvet vivid warm
wandering wary western wild willing windy winter wise witty wonderful worthy young zany zesty
"""

_NAMES = """
adder alpaca anchovy ant antelope auk badger barbel bass bat beagle bear beaver bee beetle bison boar bream
bronco buck buffalo bull bunny buzzard calf camel carp cat catfish chamois cheetah chick civet clam cobra cod
collie colt condor coot coral cougar cow coyote crab crane cricket crow cub cuckoo curlew dane deer dingo dodo doe
dog dolphin donkey dormouse dove dragonfly drake duck dunlin eagle eel egret eider elk emu ermine ewe falcon
fawn ferret finch firefly fish flamingo flea fly foal fowl fox frog gander gannet gar gazelle gecko gibbon giraffe
gnat gnu goat goose gopher goshawk grebe grouse gull gundog guppy haddock hake halibut hamster hare harrier hawk
hedgehog hen heron herring hippo hog hornet horse hound husky hyena ibex ibis iguana impala jackal jackdaw jaguar
jay kestrel kid kingfisher kite kitten kiwi koala krill ladybird lamb lapwing lark lemming lemur leopard lion
lizard llama lobster locust loon lory louse lynx macaw mackerel magpie mako mallard mantis mare marlin marmot
marten martin mayfly merlin mink minnow mole mongoose moose moth mouse mule mullet muskox newt ocelot octopus okapi
opossum orca oriole oryx osprey ostrich otter owl ox oyster panda panther parrot partridge peacock pelican penguin
perch petrel pheasant pig pigeon pika pike pipit plover polecat pony poodle porpoise prawn puffin puma pup python
quail rabbit raccoon ram raven ray reindeer rhino roach robin rook salmon sardine seal serval shark sheep shrew
shrike shrimp skate skink skunk skylark sloth snail snipe sole sparrow spider squid squirrel stag starling stoat
stork sturgeon swallow swan swift tapir tarpon tern terrier tetra thrush tick tiger toad toucan trout tuna turbot
turkey turtle urchin viper vole vulture wader walrus warbler wasp weasel weevil whale wolf wombat woodcock worm
wren yak zebra
"""

ADVERBS: Final = tuple(_ADVERBS.split())
ADJECTIVES: Final = tuple(_ADJECTIVES.split())
NAMES: Final = tuple(_NAMES.split())
